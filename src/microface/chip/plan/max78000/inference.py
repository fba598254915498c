"""How long one inference takes on this chip, before anything is built: the processor fills the input, then it waits.

Instructions a word are counted on the emulated chip; a test holds the estimate to the count on every shipped network.
"""

from dataclasses import dataclass

from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.rules import limit
from microface.chip.plan.max78000.timing import layer_times, total_cycles
from microface.chip.plan.max78000.workload import BYTES_PER_WORD
from microface.chip.plan.timing import milliseconds
from microface.chip.targets import Target

_WHOLE_WORD, _PART_OF_WORD, _BYTE_OF_PLANE, _WORD_TO_FIFO = 3.0, 4.26, 2.126, 10.0
"""Instructions: four channels of a pixel, fewer than four, a byte in CHW order, a word for a FIFO that may be full."""


@dataclass(frozen=True)
class InferenceTime:
    """One inference with its input in RAM; milliseconds (low, high) of the `accelerator` alone and of everything.

    `instructions` are the processor's. Nobody feeds while the accelerator runs, as far as this estimate knows.
    """

    instructions: int
    accelerator: tuple[float, float]
    milliseconds: tuple[float, float]


def inference_time(plan: AcceleratorPlan, target: Target) -> InferenceTime:
    """Return the estimate for `plan`."""
    instructions, accelerator = round(_feeding(plan)), accelerator_milliseconds(plan, target)
    low, high = milliseconds(instructions, target)
    return InferenceTime(instructions, accelerator, (low + accelerator[0], high + accelerator[1]))


def accelerator_milliseconds(plan: AcceleratorPlan, target: Target) -> tuple[float, float]:
    """Return the milliseconds (low, high) of the accelerator alone; they differ where layers stream."""
    low, high = total_cycles(layer_times(plan.layers))
    per_millisecond = limit(target, "accelerator_clock_hz") / 1000
    return low / per_millisecond, high / per_millisecond


def _feeding(plan: AcceleratorPlan) -> float:
    """Return the processor's instructions that bring the input to the accelerator."""
    first = plan.layers[0]
    rows, columns, channels = first.layer.source
    whole, rest = divmod(channels, BYTES_PER_WORD)
    if first.streaming:
        return rows * columns * _WORD_TO_FIFO * (whole + bool(rest))
    if first.planar:
        return rows * columns * _BYTE_OF_PLANE * channels
    return rows * columns * (_WHOLE_WORD * whole + _PART_OF_WORD * bool(rest))
