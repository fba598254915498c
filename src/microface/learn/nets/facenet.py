"""A small MobileFaceNet (after Chen et al. 2018): inverted residuals and a depthwise layer over the last whole map.

The first two layers are dense 3x3 convolutions with stride 2 instead of a depthwise pair at half resolution: as many
multiply-accumulates, a third of the activations, so less RAM on the chip and faster training.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import FitMap, InvertedResidual, conv_unit, embedding_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register


@dataclass(frozen=True)
class FaceNetOptions(NetworkOptions):
    """Channels and blocks of the stages at 1/4, 1/8, 1/16 and 1/32 (`top`, absent by default) of the input, expansion.

    The side of the input is a multiple of 16, with `top_blocks` of 32.
    """

    stem: int = 8
    fused: int = 24
    early: int = 20
    middle: int = 40
    late: int = 96
    early_blocks: int = 1
    middle_blocks: int = 4
    late_blocks: int = 5
    top: int = 160
    top_blocks: int = 0
    expansion: int = 3
    last_channels: int = 320


def _blocks(o: FaceNetOptions) -> list[tuple[str, int, int]]:
    """Return (name, channels, stride) of every inverted residual."""
    middle, late = ("middle", o.middle, o.middle_blocks, 2), ("late", o.late, o.late_blocks, 2)
    stages = (("early", o.early, o.early_blocks, 1), middle, late, ("top", o.top, o.top_blocks, 2))
    return [(f"{n}{i}", c, first if i == 0 else 1) for n, c, blocks, first in stages for i in range(blocks)]


class FaceNet(nn.Module):
    """Two dense layers of stride 2, three or four stages, 1x1, depthwise over the whole map (no padding), linear."""

    def __init__(self, options: FaceNetOptions) -> None:
        super().__init__()
        o, current = options, options.early
        self.features = nn.Sequential()
        self.features.add_module("stem", conv_unit(3, o.stem, 3, 2, act="relu"))
        self.features.add_module("fused", conv_unit(o.stem, o.fused, 3, 2, act="relu"))
        self.features.add_module("squeeze", conv_unit(o.fused, current))
        for name, outputs, stride in _blocks(o):
            self.features.add_module(name, InvertedResidual(current, outputs, stride, current * o.expansion, "relu"))
            current = outputs
        self.features.add_module("last", conv_unit(current, o.last_channels, act="relu"))
        side, last = o.resolution // (32 if o.top_blocks else 16), o.last_channels
        self.fit = FitMap(side)
        self.whole = conv_unit(last, last, side, groups=last, padding=0)
        self.embedding = embedding_unit(last, o.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]; other sizes fit too while training."""
        return self.embedding(self.whole(self.fit(self.features(x))).flatten(1))


@register("facenet", FaceNetOptions)
def facenet(options: FaceNetOptions) -> nn.Module:
    """Return the small face network; its defaults stay below 20 M multiply-accumulates."""
    return initialise(FaceNet(options))
