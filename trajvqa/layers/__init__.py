"""Layers of the paper's own model, with its sections and equations named, and of the methods that it compares with."""
