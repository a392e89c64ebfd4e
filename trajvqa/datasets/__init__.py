"""Benchmarks: questions that are read from files, and questions that are generated with their videos."""
