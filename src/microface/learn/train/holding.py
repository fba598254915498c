"""Photos kept from training where a data set keeps nobody, or too few: by their keys, for want of people."""

import hashlib
from collections.abc import Sequence

import numpy as np

ONE_IN = 12
"""One photo in so many is kept; the same ones whatever else the data set holds."""
FEWEST = 46
"""Photos of held-out people that make 1,000 pairs or so, which a false-accept rate of 1 % stands on."""
_MOST = 2000
"""More photos make every check longer and none surer."""
_VIEW = "#view"


def drawn_photos(keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return bool [N], which photos are kept from training, and bool [N], by which of them is measured.

    Drawn by a hash of the key. Stored views of a photo go with it, and are not measured by.
    """
    originals, drawn = [key.partition(_VIEW)[0] for key in keys], [_draw(key) for key in keys]
    numbers = np.array(drawn, np.uint64)
    kept = numbers <= max(2**64 // ONE_IN, int(numbers.min()))  # one at least
    own = kept & np.array([key == original for key, original in zip(keys, originals, strict=True)])
    measured = np.zeros(len(keys), bool)
    measured[sorted(np.flatnonzero(own), key=lambda row: drawn[row])[:_MOST]] = True
    return kept, measured


def _draw(key: str) -> int:
    original = key.partition(_VIEW)[0]
    return int.from_bytes(hashlib.blake2b(original.encode(), digest_size=8).digest(), "little")
