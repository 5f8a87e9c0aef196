"""Gradient descent on the rows of a data file: data, optimisers, the loop, models on disk."""
