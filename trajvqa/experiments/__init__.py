"""Experiment files, and the tables made of them with the paper's figures beside."""
