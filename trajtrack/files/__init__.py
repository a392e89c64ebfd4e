"""Files of any kind: written whole or not at all, JSON fields with their place, members of zip archives."""
