"""How often a face / no-face network wakes the application: frames of a camera cut from held-out pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from microface.chip.application.settings import Settings
from microface.chip.application.wake import window_of
from microface.errors import UserError
from microface.evaluate.presence import Rate, classify
from microface.network import IntegerNetwork
from microface.network.inputs.pixels import from_rgb565, to_rgb565
from microface.network.inputs.resize import Rectangle, crop_resized
from microface.photos.layouts.wider import MarkedFace, MarkedPicture, marked_pictures
from microface.photos.preprocess import Preprocess
from microface.photos.presence.prepare import split_of
from microface.photos.presence.rule import Rule
from microface.photos.presence.store import read_settings
from microface.photos.presence.windows import draw, seed_of
from microface.photos.read import read_photo

_BINS = (0.2, 0.3, 0.4, 0.5, 1.0)
"""Sizes of faces, as shares of what the network sees, that are counted apart."""


@dataclass(frozen=True)
class Frames:
    """What a network in front sees of N frames: crops uint8 [N, H, W, 3], and whether a clear face is there bool [N].

    `sizes` float [N]: the largest face as a share of what it sees; `pictures` int64 [N] numbers the pictures.
    """

    crops: np.ndarray
    face: np.ndarray
    sizes: np.ndarray
    pictures: np.ndarray


@dataclass(frozen=True)
class WakeResult:
    """Shares of frames that wake: `with_face`, by (from, to) size of the face, and `without` one."""

    with_face: Rate
    by_size: tuple[tuple[float, float, Rate], ...]
    without: Rate

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def wake_rates(network: IntegerNetwork, frames: Frames, margin: int = 0) -> WakeResult:
    """Return how often `network` wakes: where it says face by more than `margin`, as the firmware does.

    Sizes of faces that fewer than two pictures show are left out; fewer than two pictures of a kind are a `UserError`.
    """
    if min(_pictures(frames.face, frames), _pictures(~frames.face, frames)) < 2:
        raise UserError("held-out pictures", "give frames with or without a face of fewer than two", "prepare more")
    wakes = classify(network, frames.crops) > margin
    sizes = [
        (low, high, _rate(wakes, rows, frames))
        for low, high in pairwise(_BINS)
        if _pictures(rows := (frames.sizes >= low) & (frames.sizes < high), frames) > 1
    ]
    return WakeResult(_rate(wakes, frames.face, frames), tuple(sizes), _rate(wakes, ~frames.face, frames))


def _pictures(rows: np.ndarray, frames: Frames) -> int:
    return len(np.unique(frames.pictures[rows]))


def _rate(wakes: np.ndarray, rows: np.ndarray, frames: Frames) -> Rate:
    return Rate.of(wakes[rows], frames.pictures[rows])


def held_out_frames(
    network: IntegerNetwork, preprocess: Preprocess, source: Path, windows: Path, each: int, chosen: Settings
) -> Frames:
    """Return up to `each` frames of either kind of the pictures of WIDER FACE at `source` that `windows` keeps.

    Frames of `chosen.frame_size` lie anywhere in a picture, in the colours of a camera of 16 bits. With a face: a clear
    one by the rule of `windows` in what the network sees round the rectangle of `preprocess`; without: none touches
    that. Pictures smaller than a frame give none; no frames at all are a `UserError`.
    """
    settings = read_settings(windows)
    place, size = chosen.wake_rectangle(preprocess, window_of(network)), window_of(network)
    rule = replace(settings.rule, side=place.width)
    pictures = [each for each in marked_pictures(source) if split_of(each, settings) == "held_out"]
    found = [
        (crop_resized(frame, place, size), face, number)
        for number, picture in enumerate(pictures)
        for frame, face in _frames(picture, place, rule, each, chosen.frame_size)
    ]
    if not found:
        raise UserError(source, "has no held-out picture as large as a frame", "give the collection of --data")
    crops, faces, numbers = zip(*found, strict=True)
    sizes = np.array(faces, np.float64)
    return Frames(np.stack(crops), sizes > 0, sizes, np.array(numbers, np.int64))


def _frames(
    picture: MarkedPicture, place: Rectangle, rule: Rule, each: int, size: tuple[int, int]
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield frames of `size` with the size of the face that stands in `place`; 0 for none."""
    pixels = read_photo(picture.path)
    height, width = pixels.shape[:2]
    if height < size[0] or width < size[1]:
        return
    room = height - size[0] + rule.side, width - size[1] + rule.side
    drawn = draw(room, _moved(picture.faces, place), rule, each, seed_of(picture.key, 0))
    for window in drawn.windows:
        frame = pixels[window.top : window.top + size[0], window.left : window.left + size[1]]
        yield from_rgb565(to_rgb565(frame)), window.face


def _moved(faces: Sequence[MarkedFace], place: Rectangle) -> list[MarkedFace]:
    """Return `faces` as places of the frame see them: a frame at 0 sees at 0 what lies at `place`."""
    return [replace(face, box=(face.box[0] - place.left, face.box[1] - place.top, *face.box[2:])) for face in faces]
