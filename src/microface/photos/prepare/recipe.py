"""What a preparation does to photos."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.photos.dataset import NEAR
from microface.photos.detect.finder import Search
from microface.photos.detect.stored import detector_id
from microface.photos.preprocess import Preprocess

SAME = 0.98
"""Teacher's cosine from which two photos are taken for copies of one photo.

Measured on 85,679 faces of 14 collections: 739 pairs lie above 0.999, none from 0.98 to 0.999, 4 from 0.97 to 0.98
(photos of one session), 30 above 0.96.
"""


@dataclass(frozen=True)
class Recipe:
    """How photos become a data set.

    `preprocess` is the stored crop: what a network reads (its `content`) and a margin of real pixels around it.
    Training places, turns and scales its view within that margin anew in every epoch, as a function of seed and
    epoch; so one stored crop gives all the places and rolls that crops cut at random once would have, and more.

    A crop that would need the photo enlarged more than `enlarge` times is left out (`math.inf`: none is),
    and so is one of whose content more than the share `outside` lies beyond the photo.
    Of the people with at least `fewest` photos, one in `held_out` is kept from training as a whole person, by the
    hash of the name (0: nobody, 1: everybody); where a collection has a split of its own, that counts, unless
    `by_names` is true. Photos nearer than the cosine `same` are copies (0: only photos of equal bytes are).
    People in `refuse` are in no split: evaluation is about them. Photos are shuffled by `seed` into shards of
    at most `shard` photos.
    """

    preprocess: Preprocess
    teacher: Path
    search: Search = field(default_factory=Search)
    held_out: int = 12
    fewest: int = 4
    seed: int = 1
    shard: int = 1024
    enlarge: float = math.inf
    outside: float = 1.0
    same: float = SAME
    by_names: bool = False
    refuse: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not self.enlarge >= 1:
            raise UserError(f"enlarging {self.enlarge:g} times", "is no limit", "give 1 or more")
        for name, share in (("same", self.same), ("outside", self.outside)):
            if not 0 <= share <= 1:
                raise UserError(f"{name} {share:g}", "is out of range", "give 0 to 1")
        if min(self.held_out, self.fewest - 1, self.shard - 1) < 0:
            raise UserError("recipe", "has a negative number", "give 0 or more")

    def to_json(self) -> dict[str, Any]:
        """Return how the data set is made, in words and numbers, without the places of files."""
        values = asdict(self) | {"preprocess": self.preprocess.to_json(), "near": NEAR, "detector": detector_id()}
        values["enlarge"] = None if math.isinf(self.enlarge) else self.enlarge
        del values["teacher"]
        return values | {"refuse": [path.name for path in self.refuse]}
