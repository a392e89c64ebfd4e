"""Files of any kind: atomic output, JSON values with their location in errors, zip archives and pickles."""
