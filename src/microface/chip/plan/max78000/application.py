"""What a crop of a camera's frame takes on this chip, before anything is built: the processor's part and the network's.

Instructions a pixel are counted on the emulated chip; a test holds them to what it counts.
"""

from dataclasses import dataclass

from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.rules import limit
from microface.chip.plan.max78000.timing import layer_times, total_cycles
from microface.chip.plan.timing import milliseconds
from microface.chip.targets import Target

_CROP, _CONTRAST = 20.0, 7.0
_INPUT = {"memory": 4.3, "fifo": 10.0}
_LIGHT = {"none": 5.8, "spread": 35.3}
_PER_CROP = 2_500


@dataclass(frozen=True)
class ApplicationTime:
    """Instructions of the processor, and milliseconds (low, high) of processor and accelerator, for `crops` crops."""

    crops: int
    instructions: int
    processor: tuple[float, float]
    accelerator: tuple[float, float]

    @property
    def milliseconds(self) -> tuple[float, float]:
        """Frame to verdict, as if nobody fed the accelerator while it runs: on the safe side."""
        return self.processor[0] + self.accelerator[0], self.processor[1] + self.accelerator[1]

    @property
    def crops_per_second(self) -> tuple[float, float]:
        """How many crops a second (low, high)."""
        low, high = self.milliseconds
        return 1000 * self.crops / high, 1000 * self.crops / low


def application_time(plan: AcceleratorPlan, target: Target, light: str, crops: int) -> ApplicationTime:
    """Return the estimate for a frame whose verdict takes `crops` loose crops of the network's input size.

    Comparing with people is not in it: how many there are is not known before there is a gallery.
    """
    rows, columns, _ = plan.layers[0].layer.source
    a_pixel = _CROP + _LIGHT[light] + _INPUT["fifo" if plan.streams else "memory"]
    a_crop = rows * columns * a_pixel + _PER_CROP
    instructions = round(crops * a_crop + rows * columns * _CONTRAST)
    clock = limit(target, "accelerator_clock_hz")
    low, high = (1e3 * crops * cycles / clock for cycles in total_cycles(layer_times(plan.layers)))
    return ApplicationTime(crops, instructions, milliseconds(instructions, target), (low, high))


def sentence(time: ApplicationTime) -> str:
    """Return the estimate for people."""
    low, high = time.milliseconds
    slow, fast = time.crops_per_second
    accelerator = f"accelerator {time.accelerator[0]:.1f} to {time.accelerator[1]:.1f} ms"
    return (
        f"frame to verdict, {time.crops} crops: {low:.0f} to {high:.0f} ms ({accelerator}; processor "
        f"{time.instructions:,} instructions), {slow:.0f} to {fast:.0f} crops a second (estimate; "
        "without comparing with the people of a gallery)"
    )
