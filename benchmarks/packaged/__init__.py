"""Trained models that packages of npm and PyPI carry; the packages are taken from the index and never kept here."""
