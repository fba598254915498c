"""More faces than the pictures hold: faces of a data set pasted into windows without one, to train on.

Into as many other windows goes a piece of a third window by the same ellipse, so that no seam tells the class.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from microface.errors import UserError
from microface.photos.dataset import Dataset
from microface.photos.presence.store import PASTED, ShardContent
from microface.photos.presence.windows import seed_of

_FACE_WIDTH = 2.2
"""Width of a marked face in distances between the eyes."""
_AXES = (1.3, 1.7)
"""Half axes of the pasted ellipse in the same unit: face, forehead, some hair."""
_SHARES = (0.2, 0.6)
_TURN = 20.0
_AS_IF = 0.29
"""A piece without a face is scaled as if so much of its side lay between eyes."""


@dataclass(frozen=True)
class Pasting:
    """`count` windows of either class with faces of the data set in the folder `faces`."""

    faces: Path
    count: int = 4000

    def __post_init__(self) -> None:
        """Refuse counts below one."""
        if self.count < 1:
            raise UserError("--pasted", "is below 1", "leave --faces out to paste none")

    def recipe(self) -> dict[str, Any]:
        """Return what the windows depend on."""
        return {"faces": Dataset.open(self.faces, verify=False).manifest.recipe_id, "count": self.count}

    def sources(self) -> list[str]:
        """Return where the faces may come from: all sources of the data set."""
        shards = Dataset.open(self.faces, verify=False).shards
        return sorted({row["source"] for shard in shards for row in shard.read_rows()})


def pasted(pasting: Pasting, empty: np.ndarray, seed: int) -> ShardContent:
    """Return windows for training from the `empty` ones uint8 [N, size, size, 3]: half of them with a face."""
    if len(empty) < 3:
        raise UserError("pasting", "has no windows without a face", "prepare more pictures")
    random = np.random.default_rng(seed_of("pasted", seed))
    crops, rows = [], []
    for number, (face, eyes) in enumerate(_faces(pasting, random)):
        first, second, third = empty[random.integers(0, len(empty), 3)]
        for label, base, piece, unit in (("face", first, face, eyes), ("none", second, third, _AS_IF * len(third))):
            crop, share = paste(base, piece, unit, random)
            crops.append(crop)
            owner = {"picture": f"{PASTED}{number}/{label}", "split": "train", "left": 0, "top": 0}
            rows.append(owner | {"label": label, "face": share if label == "face" else 0.0})
    return ShardContent(np.stack(crops), rows, Counter())


def _faces(pasting: Pasting, random: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """Yield crops of faces for training with the distance between their eyes."""
    dataset = Dataset.open(pasting.faces, verify=False)
    shards = [shard for shard in dataset.shards if len(shard)]
    if not shards:
        raise UserError(pasting.faces, "holds no faces", "prepare it from more photos")
    for number in random.integers(0, len(shards), pasting.count):
        crops = shards[number].crops
        yield np.asarray(crops[random.integers(0, len(crops))]), dataset.manifest.preprocess.eye_distance


def paste(base: np.ndarray, piece: np.ndarray, eyes: float, random: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return `base` uint8 [S, S, 3] with an ellipse of the middle of `piece`, and the width of a face as share of S.

    `eyes` is the distance between eyes in `piece` in pixels. Place, size and turn are drawn.
    """
    side = len(base)
    share, turn = float(random.uniform(*_SHARES)), float(random.uniform(-_TURN, _TURN))
    unit = share * side / _FACE_WIDTH
    reach = math.ceil(_AXES[1] * unit)
    centre = random.uniform(min(reach, side / 2), max(side - reach, side / 2), 2)
    factor = unit / eyes
    size = max(2, round(piece.shape[1] * factor)), max(2, round(piece.shape[0] * factor))
    small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    matrix = cv2.getRotationMatrix2D(((size[0] - 1) / 2, (size[1] - 1) / 2), turn, 1.0)
    matrix[:, 2] += centre - (np.array(size) - 1) / 2
    laid = cv2.warpAffine(small, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = _mask(side, centre, unit, turn)
    return np.rint(base * (1 - mask) + laid * mask).astype(np.uint8), share


def _mask(side: int, centre: np.ndarray, unit: float, turn: float) -> np.ndarray:
    """Return float32 [S, S, 1]: 1 within the ellipse, falling to 0 at its soft edge."""
    mask = np.zeros((side, side), np.float32)
    place, axes = tuple(np.rint(centre).astype(int).tolist()), tuple(max(1, round(a * unit)) for a in _AXES)
    cv2.ellipse(mask, place, axes, -turn, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.5, 0.12 * unit)))[..., None]
