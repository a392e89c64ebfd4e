"""The layers of the models; those of the paper's own stand in files named after its sections."""
