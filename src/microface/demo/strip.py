"""A film with its verdicts as one picture: the strip of frames."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle as Patch

from microface.chip.application.votes import NOBODY, UNKNOWN, UNSURE
from microface.demo.film import Shown
from microface.files import write_bytes
from microface.network.inputs.resize import Rectangle

_PER_ROW = 8
_COLOURS = {NOBODY: "dimgrey", UNKNOWN: "firebrick", UNSURE: "darkorange"}
_KNOWN = "seagreen"


def write_strip(shown: Sequence[Shown], face: Rectangle, names: Sequence[str], path: Path) -> None:
    """Write the PNG of all frames with the rectangle, the frame's verdict below and what is agreed above each."""
    rows = -(-len(shown) // _PER_ROW)
    figure = Figure(figsize=(2.1 * _PER_ROW, 2.15 * rows), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, _PER_ROW)).reshape(-1)
    for place in axes:
        place.axis("off")
    for place, one in zip(axes, shown, strict=False):
        _draw(place, one, face, names)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=80)
    write_bytes(path, data.getvalue())


def _draw(place: Axes, one: Shown, face: Rectangle, names: Sequence[str]) -> None:
    state, colour = one.state, _COLOURS.get(one.state.agreed, _KNOWN)
    place.imshow(one.frame.picture)
    place.add_patch(Patch((face.left, face.top), face.width, face.height, fill=False, edgecolor=colour, linewidth=2))
    mark = " *" if one.line else ""
    place.set_title(f"{state.frames}: {name_of(state.agreed, names)}{mark}", color=colour, fontsize=9)
    text = f"{one.frame.scene}\nframe: {name_of(state.verdict, names)}, {state.crops_seen} crops"
    place.text(160, 246, text, fontsize=7, ha="center", va="top")


def name_of(verdict: int, names: Sequence[str]) -> str:
    """Return a verdict in a word."""
    return {NOBODY: "nobody", UNKNOWN: "unknown", UNSURE: "unsure"}.get(verdict) or names[verdict]
