"""AI85FaceIdNet, the network of the vendor's note on face identification with MAX78000: eight plain convolutions.

Every layer is one that the accelerator runs: 3x3 with padding 1, a 2x2 maximum in front where the map shrinks, and one
1x1. Batch norms, which the note has not, are folded away. 55,234,560 multiply-accumulates, 176,048 weights.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import conv_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register

# name, input channels, output channels, whether a 2x2 maximum stands in front
_LAYERS = (
    ("conv1", 3, 16, False),
    ("conv2", 16, 32, True),
    ("conv3", 32, 32, True),
    ("conv4", 32, 64, True),
    ("conv5", 64, 64, True),
    ("conv6", 64, 64, False),
    ("conv7", 64, 64, False),
)


@dataclass(frozen=True)
class FaceIdNetOptions(NetworkOptions):
    """Crops that stand: `resolution` is the width, the height is four thirds of it (120 x 160 in the note)."""

    resolution: int = 120

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the crops, in pixels."""
        return self.resolution * 4 // 3, self.resolution


class FaceIdNet(nn.Module):
    """Seven 3x3 convolutions, a 1x1 to `embedding` channels, the mean over what is left of the map (5 x 3)."""

    def __init__(self, options: FaceIdNetOptions) -> None:
        super().__init__()
        self.features = nn.Sequential()
        for name, inputs, outputs, pools in _LAYERS:
            if pools:
                self.features.add_module(f"{name}_pool", nn.MaxPool2d(2))
            self.features.add_module(name, conv_unit(inputs, outputs, 3, act="relu"))
        self.features.add_module("conv8_pool", nn.MaxPool2d(2))
        self.features.add_module("conv8", conv_unit(64, options.embedding))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, height, width] to [N, embedding]."""
        return self.features(x).mean((2, 3))


@register("faceidnet", FaceIdNetOptions)
def faceidnet(options: FaceIdNetOptions) -> nn.Module:
    """Return an AI85FaceIdNet; by default it reads 120 x 160 (w x h) and gives 512 values."""
    return initialise(FaceIdNet(options))
