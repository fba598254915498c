"""Identification from loose crops of 120 x 160 (w x h) on an accelerator of plain convolutions.

AI85FaceIdNet (`faceidnet.py`) spends nearly all of its time on its first layers, since the chip's time goes by pixels
times output channels. Here the crop is averaged 2 x 2 first, and what that saves goes to wider layers that see 10 x 7
places: 30,508,800 multiply-accumulates, 350,404 weights with an embedding of 256 values.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from microface.learn.nets.faceidnet import FaceIdNetOptions
from microface.learn.nets.layers import conv_unit, initialise
from microface.learn.nets.registry import register


@dataclass(frozen=True)
class FaceIdOptions(FaceIdNetOptions):
    """Crops that stand, `resolution` wide; channels of the first layer and of the last three 3x3 layers."""

    embedding: int = 256
    stem: int = 12
    tail: int = 112


def _layers(o: FaceIdOptions) -> tuple[tuple[str, int, int, bool], ...]:
    """Return name, input channels, output channels of every 3x3 layer, and whether a 2x2 maximum stands in front."""
    return (
        ("conv1", 3, o.stem, False),
        ("conv2", o.stem, 32, True),
        ("conv3", 32, 32, True),
        ("conv4", 32, 64, True),
        ("conv5", 64, o.tail, False),
        ("conv6", o.tail, o.tail, False),
        ("conv7", o.tail, o.tail, False),
    )


class FaceId(nn.Module):
    """A 2x2 average, seven 3x3 convolutions, a 1x1 to `embedding` channels, the mean over what is left of the map."""

    def __init__(self, options: FaceIdOptions) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("halve", nn.AvgPool2d(2))
        for name, inputs, outputs, pools in _layers(options):
            if pools:
                self.features.add_module(f"{name}_pool", nn.MaxPool2d(2))
            self.features.add_module(name, conv_unit(inputs, outputs, 3, act="relu"))
        self.features.add_module("conv8_pool", nn.MaxPool2d(2))
        self.features.add_module("conv8", conv_unit(options.tail, options.embedding))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 3, height, width] to [N, embedding]."""
        return self.features(x).mean((2, 3))


@register("faceid", FaceIdOptions)
def faceid(options: FaceIdOptions) -> nn.Module:
    """Return the network for loose crops; by default it gives 256 values."""
    return initialise(FaceId(options))
