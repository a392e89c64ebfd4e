"""Predictions, their accuracy and its statistics."""
