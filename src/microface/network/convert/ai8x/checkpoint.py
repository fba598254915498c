"""Checkpoints of the vendor's tools for the MAX78000: the one file outside `learn` that knows torch.

State: per layer `<layer>.op.weight` (float32 integers; O,I,k,k / O,I,k / O,I; transposed I,O,k,k), `.op.bias` (integers
times 2^(weight_bits - 1)), `.output_shift`, `.weight_bits`; layers in the order of insertion. A checkpoint as training
leaves it holds real weights; they are quantised as the vendor's quantiser does.
"""

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, write_bytes
from microface.network.convert.ai8x.quantise import quantise_layer
from microface.network.convert.torch_file import torch_file

_SAFE = ("torch", "collections", "numpy")
_SAFE_NAMES = frozenset({
    "OrderedDict", "defaultdict", "_rebuild_tensor_v2", "_rebuild_parameter", "FloatStorage", "LongStorage",
    "IntStorage", "DoubleStorage", "HalfStorage", "ByteStorage", "CharStorage", "BoolStorage", "Size", "device",
})  # fmt: skip


@dataclass(frozen=True)
class CheckpointLayer:
    """One layer's integers: `weights` as stored, `bias` int64 or None (already divided), shift and bits."""

    name: str
    weights: np.ndarray
    bias: np.ndarray | None
    output_shift: int
    weight_bits: int


class _Inert:
    """Stands for every class that is not needed: pickled objects of it hold nothing and do nothing."""

    def __init__(self, *_arguments: object, **_options: object) -> None: ...

    def __setstate__(self, _state: object) -> None: ...


class _Unpickler(pickle.Unpickler):
    """Reads tensors and plain containers; every other class, and so its code, is replaced by an inert one."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the class where it is harmless, else an inert one."""
        if module.partition(".")[0] in _SAFE and name in _SAFE_NAMES:
            return super().find_class(module, name)
        return _Inert


def read_checkpoint(path: Path) -> tuple[str | None, tuple[CheckpointLayer, ...]]:
    """Return the architecture's name (None: not said) and the layers of the checkpoint at `path`."""
    whole = _load(path)
    state = whole.get("state_dict") if isinstance(whole, Mapping) else None
    if not isinstance(state, Mapping):
        raise DamagedFileError(path, "holds no state_dict", "give a checkpoint of the vendor's quantiser")
    arch = whole.get("arch")
    return (arch if isinstance(arch, str) else None), tuple(_layers(_plain(state), path))


def _plain(state: Mapping[object, Any]) -> dict[str, np.ndarray]:
    """Return the arrays by name, without the `module.` that parallel training leaves in front or beside them."""
    named = [(str(key), _array(value)) for key, value in state.items()]
    bare = {key: value for key, value in named if not key.startswith("module.")}
    return bare or {key.removeprefix("module."): value for key, value in named}


def _array(value: Any) -> np.ndarray:
    """Return a tensor's numbers; of anything else an array that holds none."""
    found = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return found if found.dtype.kind in "bfiu" else np.zeros(0)


def _load(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise UserError(path, "needs torch to be read", "install microface[train]") from error
    safe = SimpleNamespace(__name__="safe", Unpickler=_Unpickler, load=lambda *a, **o: _Unpickler(*a, **o).load())
    try:
        data = io.BytesIO(read_bytes(path))
        return torch.load(data, map_location="cpu", pickle_module=safe, weights_only=False)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedFileError(path, "is no checkpoint", "give a .pth.tar file of the vendor's tools") from error


def _layers(state: Mapping[str, np.ndarray], path: Path) -> Sequence[CheckpointLayer]:
    names = [key.removesuffix(".weight") for key in state if key.endswith(".weight")]
    if bad := next((name for name in names if state[f"{name}.weight"].ndim < 2), None):
        raise UserError(path, f"has 1-D weights in {bad}", "fold batch normalisation first")
    return [_layer(name, state, path) for name in names]


def _layer(name: str, state: Mapping[str, np.ndarray], path: Path) -> CheckpointLayer:
    base = name.removesuffix(".op")
    bits = int(_number(state, f"{base}.weight_bits", 0, path)) or 8
    weights, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
    numbers = np.isfinite(weights).all() and (bias is None or (bias.ndim == 1 and np.isfinite(bias).all()))
    if bits not in (1, 2, 4, 8) or not weights.size or not numbers:
        raise UserError(path, f"has weights in {base} of {bits} bits, or that are no numbers", "train it again")
    if not np.array_equal(weights, np.rint(weights)):  # as training leaves it
        found = quantise_layer(weights, bias, bits, _number(state, f"{base}.shift_quantile", 1.0, path))
        return CheckpointLayer(base, found.weights, found.bias, found.output_shift, bits)
    whole = None if bias is None else np.floor(bias / (1 << (bits - 1))).astype(np.int64)
    shift = int(_number(state, f"{base}.output_shift", 0, path))
    return CheckpointLayer(base, weights.astype(np.int64), whole, shift, bits)


def _number(state: Mapping[str, np.ndarray], key: str, default: float, path: Path) -> float:
    if key not in state:
        return default
    if state[key].size != 1 or not np.isfinite(state[key]).all():
        raise UserError(path, f"has no number in {key}", "quantise it again")
    return float(state[key].reshape(-1)[0])


def write_checkpoint(path: Path, arch: str, layers: Sequence[CheckpointLayer]) -> None:
    """Write `layers` as a quantised checkpoint of the architecture `arch`."""
    state: dict[str, np.ndarray] = {}
    for layer in layers:
        values = {"output_shift": [layer.output_shift], "weight_bits": [layer.weight_bits], "op.weight": layer.weights}
        if layer.bias is not None:
            values["op.bias"] = layer.bias * (1 << (layer.weight_bits - 1))
        state |= {f"{layer.name}.{key}": np.asarray(value) for key, value in values.items()}
    write_bytes(path, torch_file({"epoch": 0, "state_dict": state, "arch": arch}))
