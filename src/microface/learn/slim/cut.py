"""Cutting: the wide network and the narrow one walk through the same photos, and each narrow layer is fitted.

Between blocks lies a linear stream, of which the leading directions are kept. Inside a block the channels are kept
from which the block's result follows best. Every 1x1 is then fitted by least squares from what the narrow network has
by now to what the wide one has, so that errors of the layers before are mended by those behind. Depthwise filters and
slopes of the channels that are kept stay. A narrow network of less resolution sees the same photos smaller, and its
goals are the wide network's maps made as small.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.console import track
from microface.errors import UserError
from microface.learn.slim.algebra import choose, leading, regress, rows
from microface.learn.slim.wide import Block, Layer, Wide

_PLACES = 100_000
"""Rows of activations that a fit looks at, at most."""


@torch.no_grad()
def cut(wide: Wide, narrow: nn.Module, pictures: Tensor, side: int) -> None:
    """Set the weights of `narrow`, a `SlimFace` for `side` x `side`, but for its embedding, by what `wide` makes.

    `pictures` [N, 3, 112, 112] are faces in the tones of training. Another number of blocks is a `UserError`.
    """
    units = [unit for unit in narrow.modules() if isinstance(unit, nn.Sequential) and hasattr(unit, "conv")]
    blocks = (len(units) - 4) // 3
    if blocks != len(wide.blocks):
        mend = "set the options early_blocks, middle_blocks, late_blocks to the wide network's"
        raise UserError("the narrow network", f"has {blocks} blocks, the wide one {len(wide.blocks)}", mend)
    _Cut(wide, units, pictures, shrunk(pictures, (side, side))).all_layers()


class _Cut:
    """The walk: `wide_stream` and `narrow_stream` are what the two networks have reached."""

    def __init__(self, wide: Wide, units: Sequence[nn.Sequential], pictures: Tensor, smaller: Tensor) -> None:
        self.wide, self.units, self.pictures = wide, units, pictures
        self.bases = self._bases()
        self.wide_stream, self.narrow_stream = pictures, smaller

    def all_layers(self) -> None:
        """Fit every unit in its order."""
        self._entry()
        for number in track(range(1, len(self.wide.blocks)), "blocks", len(self.wide.blocks) - 1):
            self._block(number)
        self._ends()

    def _bases(self) -> list[Tensor]:
        """Return the directions [C, c] of the stream behind every block; those of one stage share theirs."""
        stream, stages = self.wide.depthwise(self.wide.stem(self.pictures)), list[list[Tensor]]()
        for block in self.wide.blocks:
            stream = _behind(block, stream)
            stages = stages if block.project.adds else [*stages, []]
            stages[-1].append(stream)
        widths = [self.units[4 + 3 * number].conv.out_channels for number in range(len(self.wide.blocks))]
        bases: list[Tensor] = []
        for stage in stages:
            bases += [leading(stage, widths[len(bases)])] * len(stage)
        return bases

    def _entry(self) -> None:
        """Fit stem, depthwise layer and first block, whose channels are chosen from back to front."""
        stem, depthwise, block = self.wide.stem, self.wide.depthwise, self.wide.blocks[0]
        first = depthwise(stem(self.pictures))
        before = block.expand.linear(first)
        hidden = block.depthwise(block.expand.active(before))
        self.wide_stream = block.project(hidden)
        goal = _onto(self.wide_stream, self.bases[0])
        inner = self._chosen(hidden, goal, self.units[3])
        outer = self._chosen(first, before[:, inner], self.units[1])
        stream = _filled(self.units[0], self.narrow_stream, _kept(stem, outer))
        stream = _filled(self.units[1], stream, _kept(depthwise, outer))
        stream = self._fitted(self.units[2], stream, before[:, inner], _slopes(block.expand, inner))
        stream = _filled(self.units[3], stream, _kept(block.depthwise, inner))
        self.narrow_stream = self._fitted(self.units[4], stream, goal)

    def _block(self, number: int) -> None:
        block, units = self.wide.blocks[number], self.units[2 + 3 * number : 5 + 3 * number]
        before = block.expand.linear(self.wide_stream)
        hidden = block.depthwise(block.expand.active(before))
        change = block.project(hidden)
        self.wide_stream = self.wide_stream + change if block.project.adds else change
        kept = self._chosen(hidden, _onto(change, self.bases[number]), units[1])
        stream = self._fitted(units[0], self.narrow_stream, before[:, kept], _slopes(block.expand, kept))
        stream = _filled(units[1], stream, _kept(block.depthwise, kept))
        goal = shrunk(_onto(self.wide_stream, self.bases[number]), stream.shape[-2:])
        old = self.narrow_stream if block.project.adds else torch.zeros(())
        self.narrow_stream = old + self._fitted(units[2], stream, goal - old)

    def _ends(self) -> None:
        """Fit the two 1x1 behind the blocks; of the last, the channels that vary most are kept."""
        before = self.wide.last.linear(self.wide_stream)
        goal = self.wide.flat.linear(self.wide.last.active(before))
        strongest = self.wide.flat.active(goal).var((0, 2, 3)).argsort(descending=True)
        ends = sorted(strongest[: self.units[-1].conv.out_channels].tolist())
        kept = self._chosen(self.wide.last.active(before), goal[:, ends], self.units[-2])
        stream = self._fitted(self.units[-2], self.narrow_stream, before[:, kept], _slopes(self.wide.last, kept))
        self._fitted(self.units[-1], stream, goal[:, ends], _slopes(self.wide.flat, ends))

    def _chosen(self, maps: Tensor, goal: Tensor, unit: nn.Sequential) -> list[int]:
        places = _places(maps)
        return choose(rows(maps, places), rows(goal, places), unit.conv.out_channels)

    def _fitted(self, unit: nn.Sequential, x: Tensor, goal: Tensor, slopes: Tensor | None = None) -> Tensor:
        """Fit the 1x1 of `unit` from `x` to `goal`, made as small; return what it makes of `x`."""
        places, goal = _places(x), shrunk(goal, x.shape[-2:])
        weight, bias = regress(rows(x, places), rows(goal, places))
        return _filled(unit, x, Layer(weight[:, :, None, None], bias, slopes=slopes))


def _places(maps: Tensor) -> Tensor | None:
    """Return some rows of `maps`, the same ones each time; None: all, since they are few."""
    count = maps.shape[0] * maps.shape[2] * maps.shape[3]
    few = torch.Generator().manual_seed(0)
    return torch.randperm(count, generator=few)[:_PLACES] if count > _PLACES else None


def shrunk(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Return maps [N, C, H, W] brought to `size` (height, width)."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps, tuple(size), mode="bilinear", antialias=True)


def _behind(block: Block, stream: Tensor) -> Tensor:
    change = block.project(block.depthwise(block.expand(stream)))
    return stream + change if block.project.adds else change


def _onto(maps: Tensor, basis: Tensor) -> Tensor:
    return torch.einsum("nchw,ck->nkhw", maps, basis)


def _slopes(layer: Layer, kept: list[int]) -> Tensor | None:
    return None if layer.slopes is None else layer.slopes[kept]


def _kept(layer: Layer, kept: list[int]) -> Layer:
    """Return `layer` with the output channels `kept`; a depthwise one loses their inputs too."""
    groups = len(kept) if layer.groups > 1 else 1
    return Layer(layer.weight[kept], layer.bias[kept], layer.stride, groups, _slopes(layer, kept))


def _filled(unit: nn.Sequential, x: Tensor, layer: Layer) -> Tensor:
    """Give `unit` the weights of `layer` and a batch norm that changes nothing; return what it makes of `x`."""
    unit.conv.weight.copy_(layer.weight)
    plain = Layer(layer.weight, torch.zeros_like(layer.bias), layer.stride, layer.groups).linear(x)
    neutral(unit.norm, plain.mean((0, 2, 3)), plain.var((0, 2, 3)), layer.bias)
    if layer.slopes is not None:
        unit.act.weight.copy_(layer.slopes)
    return layer.active(plain + layer.bias.view(1, -1, 1, 1))


def neutral(norm: nn.Module, mean: Tensor, variance: Tensor, bias: Tensor) -> None:
    """Set the batch norm `norm` so that it adds `bias` to inputs of this `mean` and `variance`, and does no more."""
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(mean + bias)
