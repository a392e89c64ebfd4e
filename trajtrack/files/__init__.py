"""Files of any kind: atomic output, JSON values with their location in errors, and members of zip archives."""
