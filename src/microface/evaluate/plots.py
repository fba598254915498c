"""Pictures of results."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from microface.files import atomic_write
from microface.metrics.roc import Roc


def save_roc(path: Path, curves: Sequence[tuple[str, Roc]], title: str, impostors: int) -> None:
    """Write a picture of `curves` (label, ROC) to `path`, PNG or SVG by its ending; false accepts on a log axis.

    The axis begins at 10 / `impostors`: rates below that stand on too few pairs to be shown.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4.8), dpi=120)
    for label, curve in curves:
        axes.step(curve.far, curve.tar, where="post", label=label)
    axes.set_xscale("log")
    axes.set(xlim=(min(0.5, 10 / max(impostors, 1)), 1), ylim=(0, 1.005), title=title)
    axes.set(xlabel="false accepts (share of impostors)", ylabel="true accepts (share of genuine)")
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="lower right")
    figure.tight_layout()
    with atomic_write(path) as stream:
        figure.savefig(stream, format=path.suffix.lstrip(".") or "png", metadata=_undated(path))
    plt.close(figure)


def _undated(path: Path) -> dict[str, None] | None:
    """Return metadata without a date, so that equal figures give equal files."""
    return {"Date": None} if path.suffix == ".svg" else None
