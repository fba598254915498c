"""Limits that a layer's arithmetic breaks by itself, wherever it is placed: refused by the names of the chip's rules.

The chip's `target.toml` has the same rules in the same words, beside those that only a placement can break.
"""

from dataclasses import dataclass

import numpy as np

from microface.errors import UserError


class Refusal(UserError):  # noqa: N818 - a verdict by a named rule
    """A layer or network that the accelerator cannot run: the `rule`, the `layer`, what it has, what is allowed."""

    def __init__(self, rule: str, layer: str, have: object, allowed: object, sentence: str) -> None:
        self.rule, self.layer, self.have, self.allowed = rule, layer, have, allowed
        limit, _, help_ = sentence.rstrip(".").partition("; ")
        what = f"layer {layer}" if layer else "network"
        shown = "no such thing" if allowed is True else allowed
        super().__init__(what, f"breaks rule {rule}: has {have}, allowed {shown}: {limit}", help_ or limit)

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        """Let worker processes hand the error back, as its sentence."""
        return UserError, (self.what, self.reason, self.mend)


@dataclass(frozen=True)
class Limit:
    """What is allowed, and a sentence: the limit, a semicolon, what would help."""

    value: int | bool | str
    sentence: str


LIMITS = {
    "convolution_stride": Limit(1, "A convolution moves by one pixel; pool in front of it instead."),
    "groups": Limit(
        1, "A convolution reads all its input channels; write it as one group, with weights of 0 between the groups."
    ),
    "pool_dilation": Limit(1, "A pool reads neighbouring pixels; pool without dilation."),
    "transposed_stride": Limit(2, "A transposed convolution moves by 2; use that stride, or a plain convolution."),
    "transposed_output_pad": Limit(1, "A transposed convolution pads its output by 1; train it with that padding."),
    "weight_bits": Limit("1, 2, 4 or 8", "Weights have 1, 2, 4 or 8 bits; one bit is -1 or 0."),
    "weight_range": Limit(
        "-2^(b-1) to 2^(b-1) - 1",
        "Weights of b bits are two's complement, so one bit is -1 or 0; quantise them again, or give more bits.",
    ),
    "wide_activation": Limit(
        True, "A 32-bit output has no activation; take the activation away, or give 8 bits."
    ),
    "wide_convolution": Limit(
        True, "A layer without convolution gives 8 bits; give the layer before it 32 bits."
    ),
}  # fmt: skip


def broken(rule: str, layer: str, have: object) -> Refusal:
    """Return what to raise where `layer` breaks one of `LIMITS`."""
    return Refusal(rule, layer, have, LIMITS[rule].value, LIMITS[rule].sentence)


def require_bits(weights: np.ndarray, bits: int, layer: str) -> None:
    """Raise unless `weights` are two's complement of `bits`, which the hardware knows."""
    if bits not in (1, 2, 4, 8):
        raise broken("weight_bits", layer, bits)
    half, lowest, highest = 1 << (bits - 1), int(weights.min()), int(weights.max())
    if lowest < -half or highest >= half:
        raise broken("weight_range", layer, f"{lowest} to {highest} in {bits} bits")
