"""SqueezeNet 1.1 (Iandola et al. 2016) with batch norms, as in the doorbell on GAP8: small weights, no additions.

With `head=mean` it ends as there: the mean of the last Fire module, 512 values of 0 and above. The default puts a
linear layer behind it, since a teacher's values have both signs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from microface.learn.nets.layers import HEADS, conv_unit, head_outputs, initialise
from microface.learn.nets.registry import NetworkOptions, register

# squeezed channels, channels of each of both expansions; None: a 3x3 maximum with stride 2
_MODULES = (None, (16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256))


@dataclass(frozen=True)
class SqueezeNetOptions(NetworkOptions):
    """`head`: linear, mean or classifier, as in `layers.HEADS`; with mean there are 512 values, or those of `width`."""

    embedding: int = 256
    width: float = 1.0
    head: str = "linear"

    def __post_init__(self) -> None:
        """Give `embedding` its value where the head decides it."""
        object.__setattr__(self, "embedding", head_outputs(self.head, self.last_channels, self.embedding))

    @property
    def last_channels(self) -> int:
        """Channels of the last Fire module."""
        return 2 * scaled(256, self.width)


def scaled(channels: int, width: float) -> int:
    """Return `channels * width` as a multiple of 4, at least 4."""
    return max(4, round(channels * width / 4) * 4)


class Fire(nn.Module):
    """Squeeze by 1x1, expand by 1x1 and by 3x3, both side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = conv_unit(inputs, squeezed, act="relu")
        self.one = conv_unit(squeezed, expanded, act="relu")
        self.three = conv_unit(squeezed, expanded, 3, act="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, 2 * expanded, H, W]."""
        squeezed = self.squeeze(x)
        return torch.cat((self.one(squeezed), self.three(squeezed)), 1)


class SqueezeNet(nn.Module):
    """A 3x3 layer with stride 2, eight Fire modules with three maxima between them, the head."""

    def __init__(self, options: SqueezeNetOptions) -> None:
        super().__init__()
        current = scaled(64, options.width)
        self.features = nn.Sequential()
        self.features.add_module("stem", conv_unit(3, current, 3, 2, act="relu", padding=0))
        for number, sizes in enumerate(_MODULES, 1):
            if sizes is None:
                self.features.add_module(f"pool{number}", nn.MaxPool2d(3, 2, ceil_mode=True))
                continue
            squeezed, expanded = (scaled(size, options.width) for size in sizes)
            self.features.add_module(f"fire{number}", Fire(current, squeezed, expanded))
            current = 2 * expanded
        self.embedding = HEADS[options.head](current, options.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, resolution, resolution] to [N, embedding]."""
        return self.embedding(self.features(x).mean((2, 3)))


@register("squeezenet", SqueezeNetOptions)
def squeezenet(options: SqueezeNetOptions) -> nn.Module:
    """Return a SqueezeNet 1.1; without the linear layer it has 719,552 weights."""
    return initialise(SqueezeNet(options))
