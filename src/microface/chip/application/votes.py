"""Agreement: across the crops of a frame, and across frames; the same as `mf_votes.c`."""

from collections.abc import Sequence

UNKNOWN, UNSURE, NOBODY = -1, -2, -3
"""Verdicts beside the index of a person: a stranger, no agreement (as a vote it counts for nothing), no face."""


def agreed(votes: Sequence[int], needed: int) -> int:
    """Return the verdict that at least `needed` of `votes` have, or `UNSURE`; a majority makes it the only one."""
    found = (vote for vote in votes if vote != UNSURE and votes.count(vote) >= needed)
    return next(found, UNSURE)


def settled(votes: Sequence[int], remaining: int, needed: int) -> bool:
    """Say whether `remaining` more votes cannot change `agreed`: it stands already, or nobody can reach it."""
    most = max((votes.count(vote) for vote in votes if vote != UNSURE), default=0)
    return most >= needed or most + remaining < needed
