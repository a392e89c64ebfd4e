"""Training: losses, steps, checkpoints and their curves."""
