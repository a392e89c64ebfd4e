"""Training: the loss, the loop, checkpoints and curves."""
