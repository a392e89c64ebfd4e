"""Predictions, their accuracy, and statistics of the accuracy."""
