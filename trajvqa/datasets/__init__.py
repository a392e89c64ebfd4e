"""Questions about videos: read from files, or made."""
