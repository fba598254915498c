"""The 22 variants of MobileNetV2 that a published guide to face recognition on microcontrollers chooses from.

Its rules: multiply-accumulates in millions, cut off behind the point; parameters in millions, rounded to hundredths:
weights without batch norms, and the biases of the classifier of 1,001 classes; memory = parameters as printed less the
1.28 M of that classifier, one byte each, also where the classifier is larger (widths 1.3 and 1.4).
"""

from dataclasses import dataclass
from decimal import Decimal

from microface.learn.nets.mobilenet_v2 import MobileNetV2Options, channels
from microface.learn.nets.size import empty_size

CLASSES = 1001
_CLASSIFIER = Decimal("1.28")
_SIDES = (224, 192, 160, 128, 96)
VARIANTS = tuple((w, side) for w in (1.4, 1.3, 1.0, 0.75, 0.5, 0.35) for side in (_SIDES if w <= 1 else _SIDES[:1]))
"""Width multiplier and side of the input, in the order of the guide."""


@dataclass(frozen=True)
class Variant:
    """One row as printed, and the multiply-accumulates and the weights without the classifier, which it cuts off."""

    name: str
    macs_millions: str
    parameters_millions: str
    memory_megabytes: str
    macs: int
    weights_kept: int


def options_of(width: float, side: int) -> MobileNetV2Options:
    """Return the options of a variant: 1280 channels before the classifier, more where the width is above 1."""
    last = channels(1280, max(width, 1.0))
    return MobileNetV2Options(side, CLASSES, width, last, "classifier")


def variant(width: float, side: int) -> Variant:
    """Return the row of MobileNetV2 of `width` for pictures of `side` x `side`."""
    options = options_of(width, side)
    size = empty_size("mobilenet_v2", options)
    parameters = f"{(size.weights + CLASSES) / 1e6:.2f}"
    memory = str(Decimal(parameters) - _CLASSIFIER)
    kept = size.weights - CLASSES * options.last_channels
    return Variant(f"float_v2_{width}_{side}", str(size.macs // 10**6), parameters, memory, size.macs, kept)


def mobilenet_v2_table() -> tuple[Variant, ...]:
    """Return the guide's 22 rows, computed from the networks."""
    return tuple(variant(width, side) for width, side in VARIANTS)
