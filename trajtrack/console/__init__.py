"""What the command lines of both packages share; nothing here knows of boxes."""
