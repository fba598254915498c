"""What pools share: a window over each channel, which must touch the input."""

from collections.abc import Sequence
from dataclasses import dataclass

from microface.errors import UserError
from microface.network.ops.base import Operator
from microface.network.ops.window import Padding, Pair, Window
from microface.network.tensors import Shape, Tensor


@dataclass(frozen=True, eq=False)
class Pool(Operator):
    """`size`, `stride` as (rows, columns); every window must touch the input."""

    size: Pair
    stride: Pair
    padding: Padding

    @property
    def window(self) -> Window:
        """The window that slides over each channel."""
        return Window(self.size, self.stride, self.padding)

    def shape(self, *inputs: Shape) -> Shape:
        """Return (OH, OW, C)."""
        (source,) = inputs
        return (*self.window.output(self.name, source), source[2])

    def check(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Require every window to hold a real pixel."""
        require_pixels(self.name, self.window, inputs[0].shape)


def require_pixels(name: str, window: Window, source: Shape) -> None:
    """Raise `UserError` for the operator `name` where a window over `source` holds padding only."""
    if window.real_pixels(source).min() == 0:
        raise UserError(f"operator {name}", "has a window of padding only", "pad less")
