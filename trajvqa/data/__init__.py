"""Data folders: their layout, and opening their splits as batches of questions."""
