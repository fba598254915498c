"""MobileFaceNet in the form that published teachers have: residual blocks without expansion, PReLU, any width.

Since its streams between blocks are linear, a narrow one can be cut out of a wide one that is trained already
(`learn/slim`) instead of beginning with drawn weights. The defaults stay below 1.0 M parameters with an embedding of
256 values, and below 100 M multiply-accumulates.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import FitMap, conv_unit, embedding_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register


@dataclass(frozen=True)
class SlimFaceOptions(NetworkOptions):
    """Channels of the stages at 1/4 (`early`), 1/8 (`middle`) and 1/16 (`late`) of the input, a multiple of 16.

    `stem` and `entry` are the channels at half of it; `X_hidden` those inside the blocks of stage X, `X_down` those in
    the block of stride 2 before it; `last` and `flat` those of the two 1x1 layers before the map is flattened.
    """

    resolution: int = 112
    stem: int = 40
    entry: int = 48
    early: int = 56
    early_hidden: int = 56
    early_blocks: int = 4
    middle_down: int = 112
    middle: int = 128
    middle_hidden: int = 128
    middle_blocks: int = 6
    late_down: int = 256
    late: int = 144
    late_hidden: int = 144
    late_blocks: int = 2
    last: int = 256
    flat: int = 32


class Bottleneck(nn.Module):
    """1x1, depthwise 3x3, 1x1 without activation; add the input where asked."""

    def __init__(self, inputs: int, hidden: int, outputs: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.expand = conv_unit(inputs, hidden, act="prelu")
        self.depthwise = conv_unit(hidden, hidden, 3, stride, groups=hidden, act="prelu")
        self.project = conv_unit(hidden, outputs)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H / stride, W / stride]."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


def _blocks(o: SlimFaceOptions) -> list[tuple[str, tuple[int, int, int, int, bool]]]:
    """Return name and the arguments of every bottleneck."""
    early, middle, late = o.early, o.middle, o.late
    blocks = [("entry", (o.stem, o.entry, early, 2, False))]
    blocks += [(f"early{i}", (early, o.early_hidden, early, 1, True)) for i in range(o.early_blocks)]
    blocks += [("middle_down", (early, o.middle_down, middle, 2, False))]
    blocks += [(f"middle{i}", (middle, o.middle_hidden, middle, 1, True)) for i in range(o.middle_blocks)]
    blocks += [("late_down", (middle, o.late_down, late, 2, False))]
    return blocks + [(f"late{i}", (late, o.late_hidden, late, 1, True)) for i in range(o.late_blocks)]


class SlimFace(nn.Module):
    """3x3 of stride 2, depthwise 3x3, bottlenecks in three stages, two 1x1, linear over the whole map."""

    def __init__(self, options: SlimFaceOptions) -> None:
        super().__init__()
        o, side = options, options.resolution // 16
        self.features = nn.Sequential()
        self.features.add_module("stem", conv_unit(3, o.stem, 3, 2, act="prelu"))
        self.features.add_module("depthwise", conv_unit(o.stem, o.stem, 3, groups=o.stem, act="prelu"))
        for name, arguments in _blocks(o):
            self.features.add_module(name, Bottleneck(*arguments))
        self.features.add_module("last", conv_unit(o.late, o.last, act="prelu"))
        self.features.add_module("flat", conv_unit(o.last, o.flat, act="prelu"))
        self.fit = FitMap(side)
        self.embedding = embedding_unit(o.flat * side * side, o.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]; other sizes fit too while training."""
        return self.embedding(self.fit(self.features(x)).flatten(1))


@register("slimface", SlimFaceOptions)
def slimface(options: SlimFaceOptions) -> nn.Module:
    """Return a SlimFace of some widths."""
    return initialise(SlimFace(options))
