"""Choosing a network for a chip as Arm's guide to face recognition on MCUs does: size first, then time, then accuracy.

What does not fit the memory is out, then what is too slow; of the rest the most accurate is taken. Costs are the plan's
for that chip, accuracy is what the card says of the integer network.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from microface.chip.plan import plan
from microface.chip.plan.report import RESERVED, Plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import Measurement, ModelPackage

METRIC = "lfw accuracy"


@dataclass(frozen=True)
class Limits:
    """What may be spent: bytes of flash (without gallery) and RAM, milliseconds; None: the chip's own limit."""

    flash: int | None = None
    ram: int | None = None
    milliseconds: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A network with its planned cost and measured accuracy; `refusals` say why it is not the one."""

    name: str
    flash_bytes: int | None
    ram_bytes: int | None
    instructions: int | None
    milliseconds: tuple[float, float] | None
    accuracy: Measurement | None
    refusals: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """All candidates, the most accurate first, and the chosen one (None: every one was refused)."""

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None

    @property
    def mixed(self) -> bool:
        """Whether the accuracies were measured on different data, so that they compare badly."""
        return len({each.accuracy.data for each in self.candidates if each.accuracy is not None}) > 1

    def to_json(self) -> dict[str, Any]:
        """Return everything."""
        chosen = self.chosen.name if self.chosen is not None else None
        return {"chosen": chosen, "mixed": self.mixed, "candidates": [asdict(each) for each in self.candidates]}


def choose(packages: Mapping[str, ModelPackage], target: Target, limits: Limits) -> Choice:
    """Return which of `packages` (by name) to take for `target` within `limits`, and why not the others."""
    candidates = sorted((_candidate(name, each, target, limits) for name, each in packages.items()), key=_rank)
    chosen = next((each for each in candidates if not each.refusals), None)
    told = (each if each.refusals or each is chosen else _second(each, chosen) for each in candidates)
    return Choice(tuple(told), chosen)


def _rank(each: Candidate) -> tuple[float, int, str]:
    """Most accurate first; of equals the one with fewer instructions."""
    return -(each.accuracy.value if each.accuracy else 0.0), each.instructions or 0, each.name


def _second(each: Candidate, chosen: Candidate | None) -> Candidate:
    assert chosen is not None and chosen.accuracy is not None and each.accuracy is not None
    better = chosen.accuracy.value > each.accuracy.value
    why = f"less accurate than {chosen.name}" if better else f"as accurate as {chosen.name}, which is quicker"
    return replace(each, refusals=(why,))


def _candidate(name: str, package: ModelPackage, target: Target, limits: Limits) -> Candidate:
    accuracy = package.card.find(METRIC)
    try:
        planned = plan(package.network, target)
    except UserError as error:  # an operator that this chip has no kernel for
        return Candidate(name, None, None, None, None, accuracy, (str(error),))
    refusals = tuple(_refusals(planned, _ram(planned), accuracy, limits))
    cost = planned.flash_bytes, _ram(planned), planned.instructions, planned.milliseconds
    return Candidate(name, *cost, accuracy, refusals)


def _ram(planned: Plan) -> int:
    return sum(line.bytes for line in planned.ram if line.what != RESERVED)


def _refusals(planned: Plan, ram: int, accuracy: Measurement | None, limits: Limits) -> Iterator[str]:
    yield from (f"the chip's {short}" for short in planned.shortages)
    for what, used, limit in (("flash", planned.flash_bytes, limits.flash), ("RAM", ram, limits.ram)):
        if limit is not None and used > limit:
            yield f"takes {used:,} bytes of {what}, {used - limit:,} more than {limit:,}"
    slowest = planned.milliseconds[1]
    if limits.milliseconds is not None and slowest > limits.milliseconds:
        yield f"takes up to {slowest:.3g} ms (estimate), {limits.milliseconds:g} ms are allowed"
    if accuracy is None:
        yield "its accuracy was never measured: run microface evaluate card on it"
