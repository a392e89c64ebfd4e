"""Experiment files, and tables that compare experiments with each other and with the paper."""
