"""The picture of a run: loss, and held-out true-accept rates or nearness to the teacher, over the photos seen."""

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from microface import files


def draw(history: list[dict[str, float]], path: Path) -> None:
    """Draw the checks in `history` to the PNG file `path`."""
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    seen = [entry["photos"] / 1000 for entry in history]
    left.plot(seen, [entry["loss"] for entry in history], marker=".")
    left.set(xlabel="thousand photos", ylabel="loss")
    names = {name for entry in history for name in entry}
    rates = sorted(name for name in names if name.startswith("tar@"))
    for name in rates or sorted(names & {"cosine", "agreement"}):
        points = [(x, entry[name]) for x, entry in zip(seen, history, strict=True) if name in entry]
        right.plot(*zip(*points, strict=True), marker=".", label=name.replace("tar@", "FAR "))
    right.set(xlabel="thousand photos", ylabel="held-out true-accept rate" if rates else "held-out photos", ylim=(0, 1))
    if right.get_legend_handles_labels()[0]:
        right.legend()
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    files.write_bytes(path, picture.getvalue())
