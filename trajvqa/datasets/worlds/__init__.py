"""Synthetic videos with questions about them."""
