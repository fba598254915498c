"""By how much a network differs from itself in another tool's arithmetic."""

from dataclasses import dataclass

import numpy as np

from microface.network.network import IntegerNetwork


@dataclass(frozen=True)
class Difference:
    """Over the outputs of `inputs` inputs: `share` that differs, their `mean` and `largest` difference in integers.

    `cosine` is the mean cosine between both outputs of an input, less their zero points.
    """

    inputs: int
    share: float
    mean: float
    largest: int
    cosine: float

    @property
    def equal(self) -> bool:
        """Whether every output is the same."""
        return self.largest == 0


def difference(ours: IntegerNetwork, theirs: IntegerNetwork, x: np.ndarray) -> Difference:
    """Return how much the outputs of two networks differ on the inputs `x` [N, H, W, C]."""
    points = ours.output.zero_point, theirs.output.zero_point
    return difference_between(ours.run(x), theirs.run(x), points)


def difference_between(ours: np.ndarray, theirs: np.ndarray, zero_points: tuple[int, int]) -> Difference:
    """Return how much two networks' integers [N, ...] of the same inputs differ."""
    a, b = (each.reshape(len(each), -1).astype(np.int64) for each in (ours, theirs))
    gap = np.abs(a - b)
    mean = float(gap[gap > 0].mean()) if gap.any() else 0.0
    centred = a - zero_points[0], b - zero_points[1]
    return Difference(len(a), float((gap > 0).mean()), mean, int(gap.max()), _cosine(*centred))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    norms = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return float(((a * b).sum(axis=1) / np.maximum(norms, 1)).mean())


def notes_of(network: IntegerNetwork) -> dict[str, str]:
    """Return what a file says of its network: how inputs become integers."""
    source, result = network.input, network.output
    return {
        "microface": network.name,
        "input": f"real = {source.scale!r} * (integer - {source.zero_point}); a byte b is the integer b - 128",
        "output": f"real = {result.scale!r} * (integer - {result.zero_point})",
    }
