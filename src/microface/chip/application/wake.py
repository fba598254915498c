"""A face / no-face network in front of the recogniser: a frame without a face costs its time only."""

from dataclasses import dataclass
from math import isqrt

import numpy as np

from microface.errors import UserError
from microface.models.presence import presence_names
from microface.network import IntegerNetwork
from microface.network.inputs.fold import fold_to
from microface.network.inputs.mapping import map_bytes
from microface.network.inputs.resize import Rectangle, crop_resized


@dataclass(frozen=True, eq=False)
class Wake:
    """`network` gives two values, no face and face; it sees the part `place` of a frame."""

    network: IntegerNetwork
    place: Rectangle
    margin: int = 0

    def __call__(self, picture: np.ndarray) -> bool:
        """Say whether the uint8 `picture` [H, W, 3] shows a face: by more than the margin."""
        crop = crop_resized(picture, self.place, window_of(self.network))
        logits = self.network.run(map_bytes(fold_to(crop[None], self.network.input.shape)))[0, 0, 0].astype(np.int64)
        return bool(logits[1] - logits[0] > self.margin)


def fold_of(network: IntegerNetwork) -> int:
    """Return by how much `network` folds pictures; one that does not say face or none is a `UserError`."""
    factor = isqrt(network.input.shape[2] // 3)
    if network.output.shape != (1, 1, 2) or network.input.shape[2] != 3 * factor**2:
        given = f"reads {list(network.input.shape)}, gives {list(network.output.shape)}"
        reason = f"is no face / no-face network, of pictures to two values: {given}"
        raise UserError(network.name, reason, f"choose {', '.join(presence_names())}")
    return factor


def window_of(network: IntegerNetwork) -> tuple[int, int]:
    """Return the (height, width) of the picture that `network` sees, before it is folded."""
    factor = fold_of(network)
    return network.input.shape[0] * factor, network.input.shape[1] * factor
