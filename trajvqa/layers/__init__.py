"""The layers: those of the paper's own model in files named after its sections, and those of the other methods."""
