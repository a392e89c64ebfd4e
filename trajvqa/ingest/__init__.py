"""Trajectories of trajtrack and of other tools, into a store."""
