"""Pictures of results."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from microface.evaluate.conditions import ConditionResult
from microface.evaluate.crops import CropName
from microface.evaluate.identification import GroupFigures, UnknownFigures
from microface.files import atomic_write
from microface.metrics.roc import Roc

if TYPE_CHECKING:  # matplotlib takes long to load, and most verbs draw nothing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 3000


def save_roc(path: Path, curves: Sequence[tuple[str, Roc]], title: str, impostors: int) -> None:
    """Write a picture of `curves` (label, ROC) to `path`, PNG or SVG by its ending; false accepts on a log axis.

    The axis begins at 10 / `impostors`: rates below that stand on too few pairs to be shown.
    """
    _save(roc_picture(curves, title, impostors), path)


def roc_picture(curves: Sequence[tuple[str, Roc]], title: str, impostors: int) -> "Figure":
    """Return the picture that `save_roc` writes."""
    figure = _figure((6.4, 4.8), "tight")
    axes = figure.subplots()
    lowest = min(0.5, 10 / max(impostors, 1))
    for label, curve in curves:
        shown = _shown(curve, lowest)
        axes.step(curve.far[shown], curve.tar[shown], where="post", label=label)
    axes.set_xscale("log")
    axes.set(xlim=(lowest, 1), ylim=(0, 1.005), title=title)
    axes.set(xlabel="false accepts (share of impostors)", ylabel="true accepts (share of genuine)")
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="lower right")
    return figure


def _figure(size: tuple[float, float], layout: Literal["tight", "constrained"]) -> "Figure":
    """Return an empty figure of `size` (width, height) in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, dpi=120, layout=layout)


def _shown(curve: Roc, lowest: float) -> np.ndarray:
    """Return the points of `curve` that a picture can show: of millions a few thousand, evenly along its axis."""
    if len(curve.far) <= _POINTS:
        return np.arange(len(curve.far))
    places = np.searchsorted(curve.far, np.geomspace(lowest, 1, _POINTS), side="right") - 1
    return np.unique(np.concatenate([[0], places, [len(curve.far) - 1]]))


def png_uri(figure: "Figure", dpi: int = 100) -> str:
    """Return `figure` as a data URI of a PNG with `dpi` pixels per inch."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _undated(path: Path) -> dict[str, None] | None:
    """Return metadata without a date, so that equal figures give equal files."""
    return {"Date": None} if path.suffix == ".svg" else None


def save_confusions(path: Path, columns: Sequence[tuple[str, Sequence[GroupFigures]]]) -> None:
    """Write the confusion matrices of `columns` (label, figures of each group) to `path`: a row of them per group."""
    _save(confusions(columns), path)


def confusions(columns: Sequence[tuple[str, Sequence[GroupFigures]]]) -> "Figure":
    """Return the picture of the confusion matrices: columns are networks, rows are groups."""
    rows = len(columns[0][1])
    figure = _figure((5.2 * len(columns), 5.0 * rows), "constrained")
    axes = figure.subplots(rows, len(columns), squeeze=False)
    for column, (label, figures) in enumerate(columns):
        for row, each in enumerate(figures):
            _confusion(axes[row][column], label, each)
    return figure


def _confusion(axes: "Axes", label: str, each: GroupFigures) -> None:
    matrix = each.identified.confusion()
    share = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", fontsize=6, color=colour)
    names = [name.replace("_", " ") for name in each.people]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_title(f"{label}\n{each.group}: {100 * each.top1:.1f} % of {each.photos}", fontsize=9)
    axes.set_xlabel("answered", fontsize=7)
    axes.set_ylabel("shown", fontsize=7)


def save_unknown(path: Path, figures: Sequence[GroupFigures], title: str) -> None:
    """Write the ROCs of strangers of every group and score to `path`."""
    _save(unknown_roc(figures, title), path)


def unknown_roc(figures: Sequence[GroupFigures], title: str) -> "Figure":
    """Return the picture of the strangers' ROCs: one axes per group, a point at each threshold nearest the corner."""
    figure = _figure((5.2 * len(figures), 4.4), "constrained")
    axes = figure.subplots(1, len(figures), squeeze=False)[0]
    for place, each in zip(axes, figures, strict=True):
        for unknown, colour in zip(each.unknown, ("tab:blue", "tab:orange"), strict=False):
            _unknown_curves(place, unknown, colour)
        place.set(xlim=(-0.01, 1), ylim=(0, 1.01), title=f"{each.group} enrolled, the others unknown")
        place.set(xlabel="false accepts", ylabel="named right")
        place.grid(alpha=0.3)
        place.legend(loc="lower right", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def _unknown_curves(axes: "Axes", unknown: UnknownFigures, colour: str) -> None:
    for curve, at, style, what in (
        (unknown.roc, unknown.corner, "-", "strangers"),
        (unknown.roc_misnamed, unknown.corner_misnamed, "--", "and wrong names"),
    ):
        label = f"{unknown.score}, {what}: threshold {at.threshold:,.0f}"
        axes.step(curve.far, curve.tar, style, where="post", color=colour, label=label)
        axes.plot(at.false_accepts, at.named_right, "o", color=colour, markersize=4)


def _save(figure: "Figure", path: Path) -> None:
    with atomic_write(path) as stream:
        figure.savefig(stream, format=path.suffix.lstrip(".") or "png", metadata=_undated(path))


def save_conditions(path: Path, by_crop: Mapping[CropName, Sequence[ConditionResult]], title: str) -> None:
    """Write the picture of `conditions_picture` to `path`."""
    _save(conditions_picture(by_crop, title), path)


def conditions_picture(by_crop: Mapping[CropName, Sequence[ConditionResult]], title: str) -> "Figure":
    """Return bars of every kind of copy, a colour for each crop.

    Left the accuracy; right what is accepted at the threshold of the photos as they are, other people as a dark bar
    upon that of the same person.
    """
    names = [each.name for each in next(iter(by_crop.values()))]
    figure = _figure((9.0, (0.3 + 0.2 * len(by_crop)) * len(names) + 1.4), "constrained")
    accuracy, accepted = figure.subplots(1, 2, sharey=True)
    thick = 0.8 / len(by_crop)
    for number, (crop, results) in enumerate(by_crop.items()):
        rows = np.arange(len(names)) + thick * (number - (len(by_crop) - 1) / 2)
        errors = [100 * each.std_error for each in results]
        accuracy.barh(rows, [100 * each.accuracy for each in results], thick, xerr=errors, label=crop)
        accepted.barh(rows, [100 * each.true_accepts for each in results], thick)
        others = accepted.barh(rows, [100 * each.false_accepts for each in results], 0.6 * thick, color="black")
    others.set_label("another person")
    accuracy.set(xlim=(50, 100), xlabel="accuracy, % (threshold chosen on the copies)")
    accuracy.set_yticks(range(len(names)), names)
    accuracy.invert_yaxis()
    accepted.set(xlim=(0, 100), xlabel="accepted at the fixed threshold, %")
    for axes in (accuracy, accepted):
        axes.grid(alpha=0.3, axis="x")
    figure.legend(loc="outside lower center", ncols=len(by_crop) + 1, fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure
