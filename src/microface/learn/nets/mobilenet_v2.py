"""MobileNetV2 (Sandler et al. 2018, table 2) that ends in an embedding instead of a classifier."""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import HEADS, InvertedResidual, conv_unit, head_outputs, initialise
from microface.learn.nets.registry import NetworkOptions, register

# expansion, channels at width 1, blocks, stride of the first block
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


@dataclass(frozen=True)
class MobileNetV2Options(NetworkOptions):
    """Width multiplier, channels before the global mean (0: 1280 by width), head as in `layers.HEADS`.

    `head=mean,last_channels=0` at width 0.5 is the fingerprint of 640 values; `head=classifier` gives `embedding`
    classes.
    """

    width: float = 0.5
    embedding: int = 128
    last_channels: int = 1280
    head: str = "linear"

    def __post_init__(self) -> None:
        """Give `last_channels` and `embedding` their values where width or head decide them."""
        object.__setattr__(self, "last_channels", self.last_channels or channels(1280, self.width))
        object.__setattr__(self, "embedding", head_outputs(self.head, self.last_channels, self.embedding))


def channels(base: int, width: float) -> int:
    """Return `base * width` rounded to a multiple of 8, never below 8 nor more than 10 % down."""
    rounded = max(8, int(base * width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * base * width else rounded + 8


def _blocks() -> list[tuple[int, int, int]]:
    """Return (expansion, channels at width 1, stride) of every block."""
    return [(e, c, first if i == 0 else 1) for e, c, blocks, first in _STAGES for i in range(blocks)]


class MobileNetV2(nn.Module):
    """The network of `MobileNetV2Options`: stem, seven stages, 1x1 to `last_channels`, global mean, linear."""

    def __init__(self, options: MobileNetV2Options) -> None:
        super().__init__()
        current = channels(32, options.width)
        self.features = nn.Sequential()
        self.features.add_module("stem", conv_unit(3, current, 3, 2, act="relu6"))
        for number, (expansion, base, stride) in enumerate(_blocks()):
            outputs = channels(base, options.width)
            block = InvertedResidual(current, outputs, stride, current * expansion, "relu6")
            self.features.add_module(f"block{number}", block)
            current = outputs
        self.features.add_module("last", conv_unit(current, options.last_channels, act="relu6"))
        self.embedding = HEADS[options.head](options.last_channels, options.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]."""
        return self.embedding(self.features(x).mean((2, 3)))


@register("mobilenet_v2", MobileNetV2Options)
def mobilenet_v2(options: MobileNetV2Options) -> nn.Module:
    """Return a MobileNetV2; its defaults (0.5, 96 x 96, 128-d) have 17,769,280 multiply-accumulates."""
    return initialise(MobileNetV2(options))
