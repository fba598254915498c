"""The YAML that the vendor's synthesizer reads: what it says about arithmetic; places are found anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.files import read_bytes
from microface.network.ops.window import Pair

_OPERATIONS = {
    "conv2d": "conv2d", "conv1d": "conv1d", "convtranspose2d": "convtranspose2d", "linear": "linear", "fc": "linear",
    "mlp": "linear", "none": "passthrough", "passthrough": "passthrough",
}  # fmt: skip
_ELTWISE = ("add", "sub", "or", "xor")
_PLACES = frozenset((
    "processors", "out_offset", "in_offset", "output_processors", "data_format", "flatten", "streaming", "in_dim",
    "in_channels", "out_channels", "operands", "write_gap", "read_gap", "in_skip", "bias_group", "bias_quadrant",
    "name", "output", "sequence", "next_sequence", "output_pad",
))  # fmt: skip
_READ = frozenset((
    "operation", "op", "operator", "convolution", "kernel_size", "pad", "dilation", "max_pool", "avg_pool",
    "pool_stride", "activate", "activation", "quantization", "output_shift", "output_width", "in_sequences",
    "eltwise", "pool_first",
))  # fmt: skip
_NEUTRAL = {"stride": 1, "pool_dilation": 1, "groups": 1, "conv_groups": 1}


@dataclass(frozen=True)
class LayerKeys:
    """One layer's keys; the properties give them in our words with the vendor's defaults."""

    path: Path
    index: int
    keys: Mapping[str, Any]

    @property
    def _named(self) -> str:
        names = ("operation", "op", "operator", "convolution")
        given = next((self.keys[name] for name in names if name in self.keys), "conv2d")
        return "none" if given is None else str(given).lower()

    @property
    def operation(self) -> str:
        """conv2d, conv1d, convtranspose2d, linear or passthrough."""
        if self._named in _ELTWISE:
            return "passthrough"
        if self._named not in _OPERATIONS:
            raise self._wrong(f"has the operation {self._named}", f"use one of {', '.join(_OPERATIONS)}")
        return _OPERATIONS[self._named]

    @property
    def eltwise(self) -> str:
        """How operands are combined: none, add, sub, or, xor."""
        found = str(self.keys.get("eltwise", self._named if self._named in _ELTWISE else "none")).lower()
        if found != "none" and found not in _ELTWISE:
            raise self._wrong(f"combines by {found}", f"use one of {', '.join(_ELTWISE)}")
        return found

    @property
    def pool_first(self) -> bool:
        """Whether operands are pooled before they are combined."""
        return bool(self.keys.get("pool_first", True))

    @property
    def bits(self) -> int:
        """Bits of weights; 0 where the checkpoint says it."""
        return int(self.keys.get("quantization", 0))

    @property
    def output_shift(self) -> int:
        """Shift besides the checkpoint's."""
        return int(self.keys.get("output_shift", 0))

    @property
    def wide(self) -> bool:
        """Whether the output has 32 bits."""
        return int(self.keys.get("output_width", 8)) == 32

    @property
    def pad(self) -> int:
        """Padding: 1 where nothing is said, 0 for linear layers."""
        return int(self.keys.get("pad", 0 if self.operation == "linear" else 1))

    @property
    def dilation(self) -> int:
        """Distance of taps."""
        return int(self.keys.get("dilation", 1))

    @property
    def activation(self) -> str:
        """none, relu or abs."""
        given = self.keys.get("activate", self.keys.get("activation"))
        found = "none" if given is None else str(given).lower()
        if found not in ("none", "relu", "abs"):
            raise self._wrong(f"activates by {given}", "use ReLU, Abs or None")
        return found

    def pool(self) -> tuple[str, Pair, int]:
        """Return kind, size and stride of the pool."""
        kind = "max" if "max_pool" in self.keys else "average" if "avg_pool" in self.keys else "none"
        size = self.keys.get("max_pool", self.keys.get("avg_pool", 1))
        sizes = (int(size[0]), int(size[-1])) if isinstance(size, list) else (int(size), int(size))
        stride = self.keys.get("pool_stride", 1)
        return kind, sizes, int(stride[0]) if isinstance(stride, list) else int(stride)

    def sources(self, index: int) -> list[int]:
        """Return the indices of the layers that are read; -1 is the input."""
        given = self.keys.get("in_sequences", index - 1)
        found = [int(each) for each in given] if isinstance(given, list) else [int(given)]
        if bad := [each for each in found if not -1 <= each < index]:
            raise self._wrong(f"reads layer {bad[0]}", "name layers before it by number")
        return found

    def check(self) -> None:
        """Refuse keys that change the arithmetic in ways that are not read here."""
        for key, value in self.keys.items():
            if key in _NEUTRAL and value != _NEUTRAL[key] and self.operation != "convtranspose2d":
                raise self._wrong(f"has {key} {value}", f"only {_NEUTRAL[key]} is possible on this chip")
            if key not in _READ and key not in _PLACES and key not in _NEUTRAL:
                raise self._wrong(f"has the key {key}, which is not read", "take it out or rewrite the layer")

    def _wrong(self, reason: str, mend: str) -> UserError:
        return UserError(f"{self.path} layer {self.index}", reason, mend)


@dataclass(frozen=True)
class Description:
    """The architecture's name and the layers in order."""

    arch: str
    layers: tuple[LayerKeys, ...]


def read_description(path: Path) -> Description:
    """Return what the YAML at `path` says; unknown and duplicate keys are a `UserError`."""
    content = _parse(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("layers"), list) or "arch" not in content:
        raise UserError(path, "has no arch and layers", "give a network description of the vendor's synthesizer")
    layers = tuple(LayerKeys(path, index, keys) for index, keys in enumerate(content["layers"]))
    for layer in layers:
        layer.check()
    return Description(str(content["arch"]), layers)


def _parse(path: Path) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise UserError(path, "needs PyYAML to be read", "install microface[train]") from error

    class Strict(yaml.SafeLoader):  # type: ignore[misc]
        """Refuses a key that is given twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value]
            if twice := next((key for key in keys if keys.count(key) > 1), None):
                raise UserError(path, f"has the key {twice} twice", "keep one of them")
            return dict(super().construct_mapping(node, deep))

    try:
        return yaml.load(read_bytes(path), Loader=Strict)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(path, "is no YAML", "give a network description of the vendor's synthesizer") from error
