"""Model packages: network, crop, score, statistics, card and licence in one file; and the shipped ones."""

from microface.models.card import Cost, Measurement, ModelCard, held_out_metric
from microface.models.package import ModelPackage, Score
from microface.models.shelf import float_network, has_float_network, load, load_any_network, names

__all__ = [
    "Cost",
    "Measurement",
    "ModelCard",
    "ModelPackage",
    "Score",
    "float_network",
    "has_float_network",
    "held_out_metric",
    "load",
    "load_any_network",
    "names",
]
