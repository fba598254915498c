"""AI85FaceIdNet, the network of the vendor's note on face identification with MAX78000: eight plain convolutions.

Every layer is one that the accelerator runs: 3x3 with padding 1, a 2x2 maximum in front where the map shrinks, and one
1x1. Batch norms, which the note has not, are folded away. 55,234,560 multiply-accumulates, 176,048 weights.

The chip's time goes by pixels times output channels, so nearly all of it is the first layers'; its weights fill at the
end. A narrower `stem` pays for a wider `tail`: 12 and 112 take less time and learn more.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.layers import conv_unit, initialise
from microface.learn.nets.registry import NetworkOptions, register


@dataclass(frozen=True)
class FaceIdNetOptions(NetworkOptions):
    """Crops that stand: `resolution` is the width, the height is four thirds of it (120 x 160 in the note).

    `stem` and `tail` are the channels of the first layer and of the last three 3x3 layers.
    """

    resolution: int = 120
    stem: int = 16
    tail: int = 64

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the crops, in pixels."""
        return self.resolution * 4 // 3, self.resolution


def _layers(o: FaceIdNetOptions) -> tuple[tuple[str, int, int, bool], ...]:
    """Return name, input channels, output channels of every 3x3 layer, and whether a 2x2 maximum stands in front."""
    return (
        ("conv1", 3, o.stem, False),
        ("conv2", o.stem, 32, True),
        ("conv3", 32, 32, True),
        ("conv4", 32, 64, True),
        ("conv5", 64, o.tail, True),
        ("conv6", o.tail, o.tail, False),
        ("conv7", o.tail, o.tail, False),
    )


class FaceIdNet(nn.Module):
    """Seven 3x3 convolutions, a 1x1 to `embedding` channels, the mean over what is left of the map (5 x 3)."""

    def __init__(self, options: FaceIdNetOptions) -> None:
        super().__init__()
        self.features = nn.Sequential()
        for name, inputs, outputs, pools in _layers(options):
            if pools:
                self.features.add_module(f"{name}_pool", nn.MaxPool2d(2))
            self.features.add_module(name, conv_unit(inputs, outputs, 3, act="relu"))
        self.features.add_module("conv8_pool", nn.MaxPool2d(2))
        self.features.add_module("conv8", conv_unit(options.tail, options.embedding))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, height, width] to [N, embedding]."""
        return self.features(x).mean((2, 3))


@register("faceidnet", FaceIdNetOptions)
def faceidnet(options: FaceIdNetOptions) -> nn.Module:
    """Return an AI85FaceIdNet; by default it reads 120 x 160 (w x h) and gives 512 values."""
    return initialise(FaceIdNet(options))
