"""The threshold of a gallery: from the model's statistics on held-out people, for a chosen rate of false accepts."""

from dataclasses import asdict
from typing import Any

from microface.errors import UserError
from microface.metrics.gallery_rate import ThresholdChoice, choose_threshold, rate_at
from microface.models import ModelPackage
from microface.people.gallery import Gallery

DEFAULT_RATE = 0.001
"""One in 1,000 visits of unknown people."""


def require_choice(package: ModelPackage, rate: float) -> None:
    """Raise `UserError` unless a threshold can be chosen by `rate` with the statistics of `package`."""
    if not 0 < rate < 1:
        raise UserError(rate, "is not a rate of false accepts", "give a fraction between 0 and 1, for example 0.001")
    if package.statistics is None:
        raise UserError(package.name, "has no statistics on held-out people", "give `enroll` a --threshold N")


def choose(package: ModelPackage, gallery: Gallery, rate: float = DEFAULT_RATE) -> ThresholdChoice:
    """Return the threshold for `gallery`'s number of people and photos, for at most `rate` false accepts a visit."""
    require_choice(package, rate)
    assert package.statistics is not None
    if not len(gallery):
        raise UserError("gallery", "has nobody in it, so no rate can be told", "add a person first")
    return choose_threshold(package.statistics, gallery.photos, rate)


def with_rate(package: ModelPackage, gallery: Gallery, rate: float = DEFAULT_RATE) -> tuple[Gallery, ThresholdChoice]:
    """Return the gallery with the threshold for `rate`, and how it was chosen."""
    choice = choose(package, gallery, rate)
    return gallery.with_threshold(choice.threshold, rate), choice


def renewed(package: ModelPackage, gallery: Gallery) -> Gallery:
    """Return the gallery with its threshold chosen anew for its people as they are now.

    A threshold given by hand stays, and so does any where nobody is enrolled.
    """
    if gallery.rate is None or not len(gallery):
        return gallery
    return with_rate(package, gallery, gallery.rate)[0]


def one_in(rate: float) -> str:
    """Return `rate` in words: `1 in 1,250`; `none` for 0."""
    if rate <= 0:
        return "none"
    return f"1 in {round(1 / rate):,}" if rate < 0.5 else f"{100 * rate:.0f} %"


def sentences(choice: ThresholdChoice) -> list[str]:
    """Return what to print about a choice: rate with its interval, what was not supported, the price of it."""
    lines = [
        f"threshold {choice.threshold:,}: {one_in(choice.rate)} visits of unknown people is accepted "
        f"(95 %: {one_in(choice.rate_low)} to {one_in(choice.rate_high)}); asked for at most {one_in(choice.wanted)}",
        f"held-out people put that threshold between {choice.low:,} and {choice.high:,} (95 %)",
    ]
    if choice.limited:
        lines.append(
            f"the statistics do not reach {one_in(choice.wanted)} for this many people: "
            f"the lowest rate they support, {one_in(choice.target)}, was taken"
        )
    if choice.genuine is not None:
        lines.append(f"enrolled people are let in on about {100 * choice.genuine:.0f} % of their visits")
    return lines


def to_json(choice: ThresholdChoice) -> dict[str, Any]:
    """Return a choice as a JSON-able dictionary."""
    return asdict(choice) | {"limited": choice.limited}


def told_rate(package: ModelPackage, gallery: Gallery) -> tuple[float, float, float] | None:
    """Return the rate, low and high of the gallery at its own threshold; None without statistics or people."""
    if package.statistics is None or not len(gallery):
        return None
    return rate_at(package.statistics, gallery.photos, gallery.threshold)
