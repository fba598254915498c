"""How well an integer network tells windows with a face from those without: rates with their errors by picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from microface.errors import UserError
from microface.metrics.clusters import clustered_rate
from microface.models.card import Measurement, ModelCard
from microface.models.presence import ACCURACY
from microface.network import IntegerNetwork
from microface.network.inputs.fold import fold_to
from microface.network.inputs.mapping import map_bytes
from microface.photos.presence.store import Split, Windows

_BATCH = 32
_BINS = (0.0, 0.2, 0.25, 0.3, 0.4, 1.0)
"""Sizes of faces, as shares of the window's side, that are counted apart."""
LICENCE = "Weights: non-commercial research only (WEIGHTS-LICENSE), since the pictures are; the code is Apache-2.0."
LIMITS = (
    "Trained on few pictures. Faces smaller than a fifth of the window, cut off, heavily blurred or covered were left "
    "out of training and figures; nothing was checked by age, sex or origin."
)


@dataclass(frozen=True)
class Rate:
    """A rate with its standard error, over `windows` windows of `pictures` pictures."""

    value: float
    std_error: float
    windows: int
    pictures: int

    @classmethod
    def of(cls, hits: np.ndarray, pictures: np.ndarray) -> "Rate":
        """Return the share of true `hits` [N] of windows of `pictures` [N]."""
        return cls(*clustered_rate(hits, pictures), len(hits), len(np.unique(pictures)))


@dataclass(frozen=True)
class PresenceResult:
    """Figures of one network: balanced accuracy on held-out pictures, faces found, windows without one left alone.

    `by_size`: faces found by (from, to) size. `backgrounds`: pictures without faces left alone, if there are any.
    """

    accuracy: Rate
    faces: Rate
    empty: Rate
    by_size: tuple[tuple[float, float, Rate], ...]
    backgrounds: Rate | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def classify(network: IntegerNetwork, crops: np.ndarray) -> np.ndarray:
    """Return int64 [N]: how much more `network` says face than none (above 0: a face) of `crops` uint8 [N, H, W, 3]."""
    if network.output.shape != (1, 1, 2):
        raise UserError(network.name, f"gives {network.output.elements} values", "give a face / no-face network")
    parts = np.array_split(np.arange(len(crops)), max(1, -(-len(crops) // _BATCH)))
    inputs = (map_bytes(fold_to(crops[part], network.input.shape)) for part in parts)
    logits = np.concatenate([network.run(x)[:, 0, 0] for x in inputs]).astype(np.int64)
    return np.asarray(logits[:, 1] - logits[:, 0])


def measure(network: IntegerNetwork, splits: Mapping[Split, Windows]) -> tuple[PresenceResult, np.ndarray]:
    """Return the figures of `network`, and its margins int64 [N] on the held-out windows."""
    held, background = splits["held_out"], splits["background"]
    margins = classify(network, held.crops)
    right = (margins > 0) == held.face
    faces, empty = held.only(held.face), held.only(~held.face)
    sizes = [
        (low, high, Rate.of(right[rows], held.pictures[rows]))
        for low, high in pairwise(_BINS)
        if (rows := held.face & (held.sizes >= low) & (held.sizes < high)).any()
    ]
    passed = Rate.of(classify(network, background.crops) <= 0, background.pictures) if len(background) else None
    result = PresenceResult(
        Rate.of(right, held.pictures),
        Rate.of(right[held.face], faces.pictures),
        Rate.of(right[~held.face], empty.pictures),
        tuple(sizes),
        passed,
    )
    return result, margins


def card_of(
    network: IntegerNetwork,
    splits: Mapping[Split, Windows],
    faces_from: Sequence[str],
    result: PresenceResult,
    command: str,
) -> ModelCard:
    """Return the card of `network`, trained on `splits`, with the figures of `result`, which `command` repeats.

    `faces_from`: where the faces come from that were pasted into windows.
    """
    height, width, channels = network.input.shape
    figures = [(ACCURACY, result.accuracy, "WIDER FACE, held-out pictures")]
    if result.backgrounds is not None:
        figures.append(("backgrounds left alone", result.backgrounds, "pictures without faces"))
    return ModelCard(
        summary=f"{network.name}: face or no face, for the MAX78000. Its input is {width} x {height} x {channels}.",
        training_data=_training_data(splits, faces_from),
        teacher="None.",
        licence=LICENCE,
        limits=LIMITS,
        measurements=tuple(
            Measurement(metric, rate.value, rate.std_error, data, "integer", command) for metric, rate, data in figures
        ),
    )


def _training_data(splits: Mapping[Split, Windows], faces_from: Sequence[str]) -> str:
    """Return what the windows were cut from, and whose faces were pasted into some of them."""
    whole = splits["train"].only(~splits["train"].pasted)
    told = f"WIDER FACE: {_counted(whole)}; {_counted(splits['validation'])} apart from them ended the training."
    if added := int(splits["train"].pasted.sum()):
        told += (
            f" {added:,} more windows, half of them with a face pasted in: {', '.join(faces_from) or 'not recorded'}."
        )
    return told


def _counted(windows: Windows) -> str:
    return f"{len(windows):,} windows of {len(np.unique(windows.pictures)):,} pictures"
