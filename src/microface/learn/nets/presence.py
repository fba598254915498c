"""Networks that say whether a picture shows a face: chains for the MAX78000, two classes at the end.

facenet_v1 to _v7 are the published ones: 3x3 convolutions with padding 1 without bias, ReLU, a 2x2 maximum in front
from the second on, and a linear layer with bias. `foldnet` reads folded pixels (`network.inputs.fold`): channels up to
64 cost the accelerator nothing, pixels do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from microface.errors import UserError
from microface.learn.nets.layers import initialise
from microface.learn.nets.registry import NetworkOptions, register
from microface.network.facenets import FACENETS


@dataclass(frozen=True)
class PresenceOptions(NetworkOptions):
    """`resolution` is that of the picture; `embedding` values come out: no face, face."""

    resolution: int = 88
    embedding: int = 2
    fold: int = 1

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of what the network reads: the folded picture."""
        return 3 * self.fold**2, self.resolution // self.fold, self.resolution // self.fold


@dataclass(frozen=True)
class FoldnetOptions(PresenceOptions):
    """`layers`: output channels of the convolutions, p in front where a 2x2 maximum stands there."""

    fold: int = 4
    layers: str = "16-20-p64-p64-64"


class Chain(nn.Module):
    """Convolutions (outputs, whether a pool stands in front), then a linear layer over what is left of the map."""

    def __init__(self, options: PresenceOptions, layers: list[tuple[int, bool]], bias: bool) -> None:
        super().__init__()
        channels, side, _ = options.input_shape
        self.features = nn.Sequential()
        for number, (outputs, pools) in enumerate(layers, 1):
            if pools:
                self.features.add_module(f"pool{number}", nn.MaxPool2d(2))
                side //= 2
            self.features.add_module(f"conv{number}", nn.Conv2d(channels, outputs, 3, padding=1, bias=bias))
            self.features.add_module(f"act{number}", nn.ReLU())
            channels = outputs
        if side < 1:
            raise UserError("layers", f"pool {options.resolution} pixels away", "use fewer pools")
        self.classifier = nn.Linear(channels * side * side, options.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] of `input_shape` to [N, classes]."""
        return self.classifier(self.features(x).flatten(1))


def _published(name: str) -> None:
    widths = FACENETS[name].widths

    @register(name, PresenceOptions, "presence")
    def build(options: PresenceOptions) -> nn.Module:
        """Return the published network with weights to train."""
        return initialise(Chain(options, [(width, i > 0) for i, width in enumerate(widths)], bias=False))


for _name in FACENETS:
    _published(_name)


@register("foldnet", FoldnetOptions, "presence")
def foldnet(options: FoldnetOptions) -> nn.Module:
    """Return a chain of `options.layers` on folded pixels, with biases."""
    if options.fold < 1 or options.resolution % options.fold:
        raise UserError(f"fold={options.fold}", f"does not divide {options.resolution}", "use one that does")
    return initialise(Chain(options, list(_parsed(options.layers)), bias=True))


def _parsed(layers: str) -> Iterator[tuple[int, bool]]:
    for text in layers.split("-"):
        number = text.removeprefix("p")
        if not number.isdigit() or not 1 <= int(number) <= 1024:
            raise UserError(f"layers={layers}", f"holds {text!r}", "write outputs as 32-p64-p64, p for a pool in front")
        yield int(number), text.startswith("p")
