"""The picture of a run: accuracy over epochs, float and rounded, with E and N marked."""

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from microface.files import write_bytes

_PHASES = (("float", "-"), ("rounded as on the chip", "--"))
_LINES = (("accuracy", "changed windows of training", "#888888"), ("validation_accuracy", "validation", "#1f77b4"))


def draw(history: list[dict[str, float]], e: int, n: int, path: Path) -> None:
    """Draw `history` to the PNG file `path`: the entries from the second occurrence of an epoch on are rounded."""
    epochs = [entry["epoch"] for entry in history]
    turn = next((i for i in range(1, len(epochs)) if epochs[i] <= epochs[i - 1]), len(epochs))
    turn = min(turn, epochs.index(e) + 1 if e == epochs[-1] else turn)
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for (phase, style), part in zip(_PHASES, (history[:turn], history[turn:]), strict=True):
        for key, name, colour in _LINES:
            points = [100 * entry[key] for entry in part]
            axes.plot([entry["epoch"] for entry in part], points, style, color=colour, label=f"{name}, {phase}")
    for epoch, name in ((e, "E"), (n, "N")):
        axes.axvline(epoch, color="#c44e52", linewidth=1)
        axes.annotate(name, (epoch, 1.02), xycoords=("data", "axes fraction"), color="#c44e52", ha="center")
    axes.set(xlabel="epoch", ylabel="accuracy, %")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    write_bytes(path, picture.getvalue())
