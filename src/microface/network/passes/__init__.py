"""Passes: from a network to another that computes the same integers; each has `match` and `apply`."""
