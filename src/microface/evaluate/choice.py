"""Choosing a network for a chip as Arm's guide to face recognition on MCUs does: size first, then time, then accuracy.

What does not fit the memory is out, then what is too slow; of the rest the most accurate is taken. Costs are what the
card has counted on that chip, else the plan's. Accuracy is the card's LFW figure of the integer network with the crop
that will be used. Held-out people decide between equals, and among packages that LFW was never measured of.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from microface.chip.targets import Target
from microface.errors import UserError
from microface.evaluate.costs import Estimate, estimate, known_cost, told_bound
from microface.evaluate.crops import CROPS, CropName, reported_crops
from microface.models import Cost, Measurement, ModelPackage, held_out_metric

METRIC = "lfw accuracy"
GOAL = ("0.01", "0.001")
"""The false-accept rates whose true-accept rates, added, say how well held-out people are told apart."""


@dataclass(frozen=True)
class Limits:
    """What may be spent: bytes of flash (without gallery) and RAM, milliseconds; None: the chip's own limit."""

    flash: int | None = None
    ram: int | None = None
    milliseconds: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A network with its cost (None: the chip cannot run it) and accuracy; `refusals` say why it is not the one.

    `accuracy` is LFW's with the wanted crop, `by_crop` the same with each crop that was measured. `held_out` are
    the true-accept rates at `GOAL` on `held_out_data`; empty where they were not measured.
    """

    name: str
    cost: Cost | None
    ram_bytes: int | None
    accuracy: Measurement | None
    by_crop: Mapping[str, float]
    held_out: Mapping[str, float]
    held_out_data: str
    refusals: tuple[str, ...] = ()

    @property
    def goal(self) -> float:
        """What held-out people are compared by."""
        return sum(self.held_out.values())

    @property
    def slowest(self) -> float:
        """The upper estimate of milliseconds."""
        return self.cost.milliseconds[1] if self.cost else 0.0


@dataclass(frozen=True)
class Choice:
    """All candidates, the most accurate first, and the chosen one (None: every one was refused).

    `by_boxes` is another one within the limits that is more accurate than it where no landmarks are found.
    """

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    by_boxes: Candidate | None = None

    @property
    def mixed(self) -> bool:
        """Whether the accuracies were measured on different data, so that they compare badly."""
        return len({_photos(each.accuracy) for each in self.candidates if each.accuracy is not None}) > 1

    def to_json(self) -> dict[str, Any]:
        """Return everything."""
        named = {"chosen": self.chosen, "by_boxes": self.by_boxes}
        names = {what: each.name if each is not None else None for what, each in named.items()}
        return {**names, "mixed": self.mixed, "candidates": [asdict(each) for each in self.candidates]}


def choose(packages: Mapping[str, ModelPackage], target: Target, limits: Limits, crop: CropName = "aligned") -> Choice:
    """Return which of `packages` (by name) to take for `target` within `limits`, and why not the others.

    Accuracy is that with `crop`: faces aligned by landmarks, detector boxes alone, or a fixed rectangle.
    """
    if crop not in CROPS:
        raise UserError(f"--crop {crop}", "is unknown", f"choose {', '.join(CROPS)}")
    candidates = _ranked([_candidate(name, each, target, limits, crop) for name, each in packages.items()])
    fitting = [each for each in candidates if not each.refusals]
    chosen = fitting[0] if fitting else None
    told = (each if each.refusals or each is chosen else _second(each, chosen) for each in candidates)
    return Choice(tuple(told), chosen, _better_by_boxes(fitting) if crop == "aligned" else None)


def accuracies(package: ModelPackage) -> dict[CropName, Measurement]:
    """Return LFW's accuracy on the card by crop; a loose crop goes by the detector's box already."""
    own = reported_crops(package.preprocess)
    named = {crop: f"{METRIC}, {crop}" if crop in own and crop != "aligned" else METRIC for crop in CROPS}
    found = {crop: package.card.find(metric) for crop, metric in named.items()}
    return {crop: figure for crop, figure in found.items() if figure is not None}


def _photos(figure: Measurement | None) -> str:
    """Return what `figure` was measured on, less the crop."""
    data, _, crop = figure.data.rpartition(", ") if figure is not None else ("", "", "")
    return data if crop in CROPS or figure is None else figure.data


def _ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the most accurate first; of equals the better one on held-out people, then the quicker one."""

    def accuracy(each: Candidate) -> float:
        return -each.accuracy.value if each.accuracy else 0.0

    by_accuracy = sorted(candidates, key=accuracy)
    return [each for _, equals in groupby(by_accuracy, key=accuracy) for each in _of_equals(list(equals))]


def _of_equals(equals: list[Candidate]) -> list[Candidate]:
    held_out = _comparable(equals)

    def rank(each: Candidate) -> tuple[float, float, str]:
        return -each.goal if held_out else 0.0, each.slowest, each.name

    return sorted(equals, key=rank)


def _comparable(equals: list[Candidate]) -> bool:
    """Say whether held-out figures compare: all have one, of the same photos; without LFW they are all there is."""
    return equals[0].accuracy is None or len({each.held_out_data for each in equals}) == 1


def _better_by_boxes(fitting: list[Candidate]) -> Candidate | None:
    best = max(fitting, key=lambda each: each.by_crop.get("boxes", 0.0), default=None)
    if best is None or best.by_crop.get("boxes", 0.0) <= fitting[0].by_crop.get("boxes", 1.0):
        return None
    return best


def _second(each: Candidate, chosen: Candidate | None) -> Candidate:
    assert chosen is not None
    return replace(each, refusals=(_why_second(each, chosen),))


def _why_second(each: Candidate, chosen: Candidate) -> str:
    if each.accuracy is None and chosen.accuracy is not None:
        return "LFW was never measured of it: run microface evaluate card on it"
    ours, theirs = (one.accuracy.value if one.accuracy else 0.0 for one in (chosen, each))
    if ours > theirs:
        return f"less accurate than {chosen.name}: {100 * theirs:.2f} against {100 * ours:.2f} %"
    if _comparable([each, chosen]) and chosen.goal > each.goal:
        lfw = f"as accurate as {chosen.name} on LFW, less" if each.accuracy else f"less accurate than {chosen.name}"
        return f"{lfw} on held-out people"
    return f"as accurate as {chosen.name}, which is quicker"


def _candidate(name: str, package: ModelPackage, target: Target, limits: Limits, crop: CropName) -> Candidate:
    figures = accuracies(package)
    by_crop = {str(each): figure.value for each, figure in figures.items()}
    found = Candidate(name, None, None, figures.get(crop), by_crop, *_held_out(package))
    try:
        planned = estimate(package, target)
    except UserError as error:  # an operator that this chip has no kernel for
        return replace(found, refusals=(str(error),))
    found = replace(found, cost=known_cost(package, target) or planned.cost, ram_bytes=planned.ram_bytes)
    return replace(found, refusals=(*_too_much(planned, found, limits), *_unmeasured(found, crop)))


def _held_out(package: ModelPackage) -> tuple[dict[str, float], str]:
    figures = {rate: package.card.find(held_out_metric(rate)) for rate in GOAL}
    found = {rate: figure for rate, figure in figures.items() if figure is not None}
    data = next((figure.data for figure in found.values()), "")
    return {rate: figure.value for rate, figure in found.items()}, data


def _too_much(planned: Estimate, found: Candidate, limits: Limits) -> Iterator[str]:
    flash = found.cost.flash_bytes if found.cost else 0
    yield from (f"the chip's {short}" for short in planned.shortages)
    for what, used, limit in (("flash", flash, limits.flash), ("RAM", planned.ram_bytes, limits.ram)):
        if limit is not None and used > limit:
            yield f"takes {used:,} bytes of {what}, {used - limit:,} more than {limit:,}"
    if limits.milliseconds is not None and found.slowest > limits.milliseconds:
        yield f"takes up to {told_bound(found.slowest)} ms (estimate), {limits.milliseconds:g} ms are allowed"


def _unmeasured(found: Candidate, crop: CropName) -> Iterator[str]:
    if found.accuracy is None and not found.held_out:
        how = "" if crop == "aligned" else f" with --crop {crop}"
        yield f"its accuracy{how} was never measured: run microface evaluate card on it"
