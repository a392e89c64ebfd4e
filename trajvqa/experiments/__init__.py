"""Experiment files, the tables made of them and the paper's numbers."""
