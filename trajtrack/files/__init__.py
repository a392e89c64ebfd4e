"""Files of any kind: atomic output, JSON values with their location in errors, members of zip
archives, and pickles."""
