"""The picture of what the quantisation of each layer costs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from microface.files import atomic_write
from microface.learn.quant.sensitivity import LayerCost


def draw(costs: Sequence[LayerCost], path: Path) -> None:
    """Write a picture (PNG) of `costs`: a bar per layer and way of counting, the dearest layer on top."""
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.22 * len(costs)), dpi=110)
    places = range(len(costs))
    axes.barh(places, [cost.alone for cost in costs], 0.8, color="#4878a8", label="rounded alone")
    four = [(place, cost.four_bits) for place, cost in enumerate(costs) if cost.four_bits is not None]
    axes.scatter([value for _, value in four], [place for place, _ in four], 14, "#c44e52", label="weights at 4 bits")
    axes.set_yticks(places, [cost.name for cost in costs], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("1 - mean cosine to the float embeddings of held-out people")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    figure.tight_layout()
    with atomic_write(path) as stream:
        figure.savefig(stream, format="png")
    plt.close(figure)
