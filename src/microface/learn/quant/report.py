"""The picture of what the quantisation of each layer costs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from microface.files import atomic_write
from microface.learn.quant.sensitivity import LayerCost

_LEAST = 1e-6
"""The axis begins here or later; what costs less, or gains, is drawn at its edge. It is logarithmic, since 4 bits cost
hundreds of times as much as 8."""


def draw(costs: Sequence[LayerCost], path: Path) -> None:
    """Write a picture (PNG) of `costs`: a bar per layer and a dot for 4-bit weights, the dearest layer on top."""
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.19 * len(costs)), dpi=110)
    places = range(len(costs))
    edge = max(_LEAST, min(cost.alone for cost in costs) / 2)
    axes.barh(places, [max(cost.alone, edge) for cost in costs], 0.7, color="#4878a8", label="rounded alone")
    four = [(place, max(cost.four_bits, edge)) for place, cost in enumerate(costs) if cost.four_bits is not None]
    axes.scatter([value for _, value in four], [place for place, _ in four], 14, "#c44e52", label="weights at 4 bits")
    axes.set_xscale("log")
    axes.set_xlim(left=edge)
    axes.set_yticks(places, [cost.name for cost in costs], fontsize=7)
    axes.set_ylim(len(costs) - 0.4, -0.6)
    axes.set_xlabel("1 - mean cosine to the float embeddings of held-out people")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncol=2, frameon=False)
    figure.tight_layout()
    with atomic_write(path) as stream:
        figure.savefig(stream, format="png")
    plt.close(figure)
