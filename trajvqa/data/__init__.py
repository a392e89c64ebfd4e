"""A data folder, opened: its files, splits, batches and negatives."""
