"""The converters, one module per family; importing them registers them."""

from importlib import import_module

_FAMILIES = ("quantise", "weights", "arithmetic", "pools", "moves", "unary", "parts", "bent", "lookups")


def load() -> None:
    """Register every converter."""
    for family in _FAMILIES:
        import_module(f"microface.network.convert.onnx.{family}")
