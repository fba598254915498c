"""Networks of the vendor's tools for the MAX78000: checkpoint and YAML."""

from microface.network.convert.ai8x.convert import read, sample_shape

__all__ = ["read", "sample_shape"]
