"""One layer of the vendor's YAML: what its keys say about arithmetic in our words, and what is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from microface.network.convert.ai8x.keys import Keys
from microface.network.ops.max78000.limits import broken
from microface.network.ops.window import Pair
from microface.network.tensors import Shape

_COMBINATIONS = {
    "add": "add", "sub": "sub", "or": "or", "bitwiseor": "or", "bitwise_or": "or", "xor": "xor", "bitwisexor": "xor",
    "bitwise_xor": "xor",
}  # fmt: skip
_OPERATIONS = {
    "conv2d": "conv2d", "conv1d": "conv1d", "convtranspose2d": "convtranspose2d", "linear": "linear", "fc": "linear",
    "mlp": "linear", "none": "passthrough", "passthrough": "passthrough", **dict.fromkeys(_COMBINATIONS, "passthrough"),
}  # fmt: skip
_ACTIVATIONS = {"none": "none", "relu": "relu", "abs": "abs"}
_OPERATION_KEYS = ("operation", "op", "operator", "convolution")
_ACTIVATION_KEYS = ("activate", "activation")
_GROUP_KEYS = ("groups", "conv_groups")
_PLACES = frozenset((
    "processors", "out_offset", "in_offset", "output_processors", "data_format", "streaming", "write_gap", "read_gap",
    "in_skip", "bias_group", "bias_quadrant",
))  # fmt: skip
_READ = frozenset((
    *_OPERATION_KEYS, *_ACTIVATION_KEYS, *_GROUP_KEYS, "kernel_size", "pad", "dilation", "max_pool", "avg_pool",
    "pool_stride", "pool_dilation", "quantization", "output_shift", "output_width", "in_sequences", "eltwise",
    "operands", "pool_first", "flatten", "in_dim", "in_channels", "out_channels", "name", "output", "output_pad",
    "stride", "sequence", "next_sequence",
))  # fmt: skip


@dataclass(frozen=True)
class LayerKeys(Keys):
    """One layer's keys; the properties give them in our words with the vendor's defaults.

    `names` has the index of every layer that has a name, in small letters; there are `count` layers.
    """

    path: Path
    index: int
    names: Mapping[str, int]
    count: int

    @property
    def operation(self) -> str:
        """conv2d, conv1d, convtranspose2d, linear or passthrough; a flattening 1x1 convolution is linear."""
        found = self.word(_OPERATION_KEYS, "conv2d", _OPERATIONS, "has the operation")
        if self.flatten and found != "linear":
            if found != "conv2d" or self.kernel_size("conv2d") != (1, 1):
                raise self.wrong(f"flattens in front of a {found}", "flatten in a linear layer")
            return "linear"
        return found

    @property
    def flatten(self) -> bool:
        """Whether all pixels and channels become one vector."""
        return self.flag("flatten")

    @property
    def eltwise(self) -> str:
        """How operands are combined: none, add, sub, or, xor."""
        name = self.given(_OPERATION_KEYS)
        implied = str(self.values[name]).lower() if name is not None else "none"
        default = implied if implied in _COMBINATIONS else "none"
        return self.word(("eltwise",), default, {"none": "none", **_COMBINATIONS}, "combines by")

    @property
    def pool_first(self) -> bool:
        """Whether operands are pooled before they are combined."""
        return self.flag("pool_first", True)

    @property
    def bits(self) -> int:
        """Bits of weights; 0 where the checkpoint says it."""
        given = self.values.get("quantization", 0)
        if str(given).lower() in ("bin", "binary"):
            raise broken("weight_bits", self._layer, f"{given}, the -1 and +1 of the MAX78002")
        if given not in (0, 1, 2, 4, 8) or isinstance(given, bool):
            raise broken("weight_bits", self._layer, repr(given))
        return int(given)

    @property
    def output_shift(self) -> int | None:
        """The shift that replaces the checkpoint's."""
        return self.whole("output_shift", 0) if "output_shift" in self.values else None

    @property
    def wide(self) -> bool:
        """Whether the output has 32 bits."""
        width = self.whole("output_width", 8)
        if width not in (8, 32):
            raise self.wrong(f"has output_width {width}", "give 8 or 32")
        return width == 32

    @property
    def padding(self) -> Pair:
        """Padding of rows and columns: 1 where nothing is said, 0 for linear layers and without convolution."""
        rows, columns = self.pair("pad", 0 if self.operation in ("linear", "passthrough") else 1, 0)
        if self.operation == "conv1d":
            return rows, 0
        if rows != columns:
            raise self.wrong(f"has pad {rows} and {columns}", "pad rows and columns alike")
        return rows, columns

    @property
    def dilation(self) -> Pair:
        """Distance of taps in rows and columns."""
        rows, columns = self.pair("dilation", 1, 1)
        return (rows, 1) if self.operation == "conv1d" else (rows, columns)

    @property
    def activation(self) -> str:
        """none, relu or abs."""
        return self.word(_ACTIVATION_KEYS, "none", _ACTIVATIONS, "activates by")

    @property
    def output(self) -> bool:
        """Whether the network gives this layer's result."""
        return self.flag("output")

    def kernel_size(self, operation: str) -> Pair:
        """Return rows and columns of the kernel of an `operation`; 0 rows are any."""
        if operation in ("linear", "passthrough") and "kernel_size" not in self.values:
            return 0, 0
        given = self.values.get("kernel_size", 9 if operation == "conv1d" else "3x3")
        found = re.fullmatch(r"(\d{1,3})(?:x(\d{1,3}))?", str(given).lower())
        if found is None or (found[2] is None) != (operation == "conv1d"):
            wanted = "a number of steps" if operation == "conv1d" else "rows and columns, as 3x3"
            raise self.wrong(f"has kernel_size {given}", f"give {wanted}")
        return int(found[1]), int(found[2] or 1)

    def pool(self, sequence: bool) -> tuple[str, Pair, Pair]:
        """Return kind, size and stride of the pool, of steps in a `sequence`."""
        self._only("pool_dilation", "pool_dilation", 1)
        key, stride = self.given(("max_pool", "avg_pool")), self.pair("pool_stride", 1, 1)
        if key is None:
            if stride != (1, 1):
                raise self.wrong("has pool_stride and no pool", "add max_pool or avg_pool")
            return "none", (1, 1), (1, 1)
        size = self.pair(key, 1, 1)
        kind = "max" if key == "max_pool" else "average"
        return (kind, (size[0], 1), (stride[0], 1)) if sequence else (kind, size, stride)

    def sources(self) -> list[int]:
        """Return the indices of the layers that are read; -1 is the input."""
        given = self.values.get("in_sequences", self.index - 1)
        found = [self._source(each) for each in (given if isinstance(given, list) else [given])]
        if not found:
            raise self.wrong("reads no layer", "name one with in_sequences")
        operands = self.whole("operands", 1 if self.eltwise == "none" else 2)
        if len(found) > 1 and self.eltwise == "none":
            raise self.wrong(f"joins the channels of {len(found)} layers", "read one layer, or combine them by eltwise")
        if operands != len(found):
            mend = "name one layer for each operand with in_sequences"
            raise self.wrong(f"combines {operands} operands and reads {len(found)} of them", mend)
        return found

    def _source(self, given: object) -> int:
        index = given
        if isinstance(given, str):
            index = -1 if given.lower() == "input" else self.names.get(given.lower())
        if not isinstance(index, int) or isinstance(index, bool) or not -1 <= index < self.index:
            raise self.wrong(f"reads layer {given}", "name layers before it by number or name, or input")
        return index

    def check(self) -> None:
        """Refuse keys that change the arithmetic in ways that are not read here."""
        for key in self.values:
            if key not in _READ and key not in _PLACES:
                raise self.wrong(f"has the key {key}, which is not read", "take it out or rewrite the layer")
        self._check_order()
        transposed = self.operation == "convtranspose2d"
        self._only("transposed_stride" if transposed else "convolution_stride", "stride", 2 if transposed else 1)
        self._only("groups", self.given(_GROUP_KEYS) or "groups", 1)
        if transposed:
            self._only("transposed_output_pad", "output_pad", 1)
        elif self.pair("output_pad", 0, 0) != (0, 0):
            raise self.wrong("pads its output", "only a transposed convolution does that")
        if self.operation == "passthrough":
            self._check_passthrough()

    def _check_order(self) -> None:
        following = self.values.get("next_sequence", self.index + 1)
        last = self.index == self.count - 1
        if isinstance(following, str):
            ends = last and following.lower() == "stop"
            following = self.index + 1 if ends else self.names.get(following.lower())
        if self.whole("sequence", self.index) != self.index or following != self.index + 1:
            raise self.wrong("runs out of order", "write the layers in the order in which they run")

    def _only(self, rule: str, key: str, allowed: int) -> None:
        if (found := self.pair(key, allowed, 0)) != (allowed, allowed):
            raise broken(rule, self._layer, found[0] if found[0] == found[1] else f"{found[0]}x{found[1]}")

    def _check_passthrough(self) -> None:
        if self.wide:
            raise broken("wide_convolution", self._layer, "32 bits")
        if self.activation != "none" or self.padding != (0, 0) or self.dilation != (1, 1):
            raise self.wrong("activates, pads or dilates and does not convolve", "take that away, or convolve")

    def check_source(self, source: Shape) -> None:
        """Refuse a layer that reads its `source` (H, W, C) in another shape, or not all of it."""
        if "in_dim" in self.values and (given := self._in_dim()) != source[:2]:
            reason = f"reads {source[0]}x{source[1]} pixels as {given[0]}x{given[1]}"
            raise self.wrong(reason, "reshaping is not read: train the layer on the shape that it gets")
        channels = self.whole("in_channels", source[2], 1)
        if channels != source[2] and not (self.flatten and channels == source[0] * source[1] * source[2]):
            raise self.wrong(f"reads {channels} of {source[2]} channels", "read all of them")

    def _in_dim(self) -> Pair:
        return (self.whole("in_dim", 1), 1) if isinstance(self.values["in_dim"], int) else self.pair("in_dim", 1, 1)

    @property
    def _layer(self) -> str:
        return f"{self.index} of {self.path}"
