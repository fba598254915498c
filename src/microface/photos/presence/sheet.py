"""A contact sheet: crops side by side with a word below each."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from microface.files import write_bytes

_PER_ROW = 12


def write_sheet(crops: Sequence[np.ndarray], words: Sequence[str], title: str, path: Path) -> None:
    """Write `crops` uint8 [H, W, 3] with their `words` to the PNG file `path`; it shows people, so keep it private."""
    rows = max(1, -(-len(crops) // _PER_ROW))
    figure = Figure(figsize=(1.1 * _PER_ROW, 1.3 * rows + 0.4), layout="constrained")
    places = np.atleast_1d(figure.subplots(rows, _PER_ROW)).reshape(-1)
    for place in places:
        place.axis("off")
    for place, crop, word in zip(places, crops, words, strict=False):
        place.imshow(crop)
        place.set_title(word, fontsize=7, pad=2)
    figure.suptitle(title, fontsize=9)
    data = io.BytesIO()
    FigureCanvasAgg(figure).print_png(data)
    write_bytes(path, data.getvalue())
