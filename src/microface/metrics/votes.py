"""False accepts of votes: what agreement across crops and frames makes of the rate of a single crop."""

from math import comb


def at_least(needed: int, count: int, rate: float) -> float:
    """Return the chance that `needed` or more of `count` independent tries succeed, each with `rate`."""
    return sum(comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(needed, count + 1))


def independent(rate: float, crops: tuple[int, int], frames: tuple[int, int]) -> tuple[float, float]:
    """Return the rates of a frame and of a report, for (count, needed) of crops and frames, if tries were independent.

    A lower bound for one enrolled person: crops of one frame, and frames of one stranger, resemble each other, and
    wholly alike they would keep the single crop's rate.
    """
    a_frame = at_least(crops[1], crops[0], rate)
    return a_frame, at_least(frames[1], frames[0], a_frame)
