"""Readers and generators of files for them, by the kind of file."""
