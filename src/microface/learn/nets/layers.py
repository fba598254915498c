"""The parts that all families share, in the one form that lowers exactly: convolution, batch norm, activation."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.nets.norm_act import applies, norm_act, sloped


def prelu(x: Tensor, slopes: Tensor) -> Tensor:
    """Return maps `x` [N, C, H, W] whose values below 0 are multiplied by the slope [C] of their channel."""
    return sloped(x, slopes) if applies(x) else F.prelu(x, slopes)


class PReLU(nn.PReLU):
    """Maps [N, C, H, W]: values below 0 are multiplied by the slope of their channel."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the activated map."""
        return prelu(x, self.weight)


_ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "relu": lambda _channels: nn.ReLU(inplace=True),
    "relu6": lambda _channels: nn.ReLU6(inplace=True),
    "prelu": PReLU,
}


class ConvUnit(nn.Sequential):
    """`conv`, `norm` and perhaps `act`; in training on a processor the last two are one kernel."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H / stride, W / stride]."""
        conv, norm, *act = self
        x = conv(x)
        if self.training and isinstance(norm, nn.BatchNorm2d) and applies(x):
            return norm_act(x, norm, act[0] if act else None)
        x = norm(x)
        return act[0](x) if act else x


def conv_unit(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: str = "", padding: int = -1
) -> ConvUnit:
    """Return convolution, batch norm and (unless `act` is empty) activation; padding -1 keeps the map's size."""
    pad = kernel // 2 if padding < 0 else padding
    unit = ConvUnit()
    unit.add_module("conv", nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False))
    unit.add_module("norm", nn.BatchNorm2d(outputs))
    if act:
        unit.add_module("act", _ACTIVATIONS[act](outputs))
    return unit


def embedding_unit(inputs: int, outputs: int) -> nn.Sequential:
    """Return the last layer: linear to the embedding, then batch norm, which centres it."""
    unit = nn.Sequential()
    unit.add_module("linear", nn.Linear(inputs, outputs, bias=False))
    unit.add_module("norm", nn.BatchNorm1d(outputs))
    return unit


HEADS: dict[str, Callable[[int, int], nn.Module]] = {
    "linear": embedding_unit,
    "mean": lambda _inputs, _outputs: nn.Identity(),
    "classifier": nn.Linear,
}
"""What may follow the mean over the last map: an embedding, nothing, or a classifier with a bias."""


def head_outputs(head: str, inputs: int, wanted: int) -> int:
    """Return how many values `head` gives: those `wanted`, or all `inputs` where it is the mean alone."""
    if head not in HEADS:
        raise UserError(f"head={head}", "is not a head", f"choose one of {', '.join(HEADS)}")
    return inputs if head == "mean" else wanted


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter by depthwise 3x3, project by 1x1 without activation; add the input where it fits."""

    def __init__(self, inputs: int, outputs: int, stride: int, hidden: int, act: str) -> None:
        super().__init__()
        self.body = nn.Sequential()
        if hidden != inputs:
            self.body.add_module("expand", conv_unit(inputs, hidden, act=act))
        self.body.add_module("depthwise", conv_unit(hidden, hidden, 3, stride, groups=hidden, act=act))
        self.body.add_module("project", conv_unit(hidden, outputs))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H / stride, W / stride]."""
        return x + self.body(x) if self.residual else self.body(x)


def initialise(module: nn.Module) -> nn.Module:
    """Draw convolution weights by fan-out (He) and linear ones by fan-in; return `module`."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    return module


class FitMap(nn.Module):
    """Resize a map to `side` x `side`; nothing to do at the network's own resolution.

    Lets a network with a layer over the whole map train on smaller pictures first; lowering drops it.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, h, w] to [N, C, side, side]."""
        if x.shape[-1] == self.side:
            return x
        return F.interpolate(x, (self.side, self.side), mode="bilinear", align_corners=False)
