"""MobileNetV2 (Sandler et al. 2018, table 2) that ends in an embedding instead of a classifier."""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import InvertedResidual, conv_unit, embedding_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register

# expansion, channels at width 1, blocks, stride of the first block
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


@dataclass(frozen=True)
class MobileNetV2Options(NetworkOptions):
    """Width multiplier, side of the square input in pixels, embedding size, channels before the global mean."""

    width: float = 0.5
    embedding: int = 128
    last_channels: int = 1280


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
        self.embedding = embedding_unit(options.last_channels, options.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]."""
        return self.embedding(self.features(x).mean((2, 3)))


@register("mobilenet_v2", MobileNetV2Options)
def mobilenet_v2(options: MobileNetV2Options) -> nn.Module:
    """Return a MobileNetV2; its defaults (0.5, 96 x 96, 128-d) have 17,769,280 multiply-accumulates."""
    return initialise(MobileNetV2(options))
