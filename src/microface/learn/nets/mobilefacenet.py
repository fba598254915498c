"""MobileFaceNet (Chen et al. 2018, table 1) by width: a ladder from 0.2 to 1.2 M parameters.

ReLU stands where the paper has PReLU, since it costs nothing in integers.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import FitMap, InvertedResidual, conv_unit, embedding_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register

# expansion, channels at width 1, blocks, stride of the first block
_STAGES = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


@dataclass(frozen=True)
class MobileFaceNetOptions(NetworkOptions):
    """Width multiplier; the side of the input is a multiple of 16 (112 in the paper)."""

    resolution: int = 112
    embedding: int = 256
    width: float = 0.5
    last_channels: int = 512
    """Channels at width 1 of the last whole map, which the global depthwise layer reads."""


def scaled(channels: int, width: float) -> int:
    """Return `channels * width` as a multiple of 4, at least 8."""
    return max(8, round(channels * width / 4) * 4)


class MobileFaceNet(nn.Module):
    """3x3 with stride 2, depthwise 3x3, five stages, 1x1, linear depthwise over the whole map, linear."""

    def __init__(self, options: MobileFaceNetOptions) -> None:
        super().__init__()
        width, current = options.width, scaled(64, options.width)
        self.features = nn.Sequential()
        self.features.add_module("stem", conv_unit(3, current, 3, 2, act="relu"))
        self.features.add_module("depthwise", conv_unit(current, current, 3, groups=current, act="relu"))
        for stage, (expansion, base, blocks, first) in enumerate(_STAGES):
            outputs = scaled(base, width)
            for number in range(blocks):
                stride = first if number == 0 else 1
                block = InvertedResidual(current, outputs, stride, current * expansion, "relu")
                self.features.add_module(f"stage{stage}_{number}", block)
                current = outputs
        last, side = scaled(options.last_channels, width), -(-options.resolution // 16)
        self.features.add_module("last", conv_unit(current, last, act="relu"))
        self.fit = FitMap(side)
        self.whole = conv_unit(last, last, side, groups=last, padding=0)
        self.embedding = embedding_unit(last, options.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]; other sizes fit too while training."""
        return self.embedding(self.whole(self.fit(self.features(x))).flatten(1))


@register("mobilefacenet", MobileFaceNetOptions)
def mobilefacenet(options: MobileFaceNetOptions) -> nn.Module:
    """Return a MobileFaceNet of some width."""
    return initialise(MobileFaceNet(options))
