"""The layers of the model, each in a file named after its section in the paper."""
