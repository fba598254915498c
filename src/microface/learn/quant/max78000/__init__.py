"""Quantisation for the MAX78000's accelerator: powers of two, values in [-1, 127/128], weights of 8, 4, 2 or 1 bits.

`fit` makes a float graph ready, `RoundedNetwork` trains what it gives, `lower` makes the integer network of it.
"""

from microface.learn.quant.max78000.costs import costs
from microface.learn.quant.max78000.fit import FitOptions, Fitted, fit
from microface.learn.quant.max78000.lower import lower
from microface.learn.quant.max78000.network import RoundedNetwork, differences, simulate

__all__ = ["FitOptions", "Fitted", "RoundedNetwork", "costs", "differences", "fit", "lower", "simulate"]
