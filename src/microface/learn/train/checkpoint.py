"""Checkpoints: everything that a run needs to go on exactly where it stopped."""

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from microface import files
from microface.errors import DamagedFileError, UserError

_ZIP = b"PK\x03\x04"
"""How files of torch begin."""
_GIVE = "give the best.pt or compact.pt of a run, or what `microface slim` wrote"


@dataclass
class Position:
    """Where a run stands: steps done, epoch, batches done in it, seconds of training, best check so far,

    checks since then.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    photos: int = 0
    best: float = -1.0
    stale: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` (tensors, numbers, text, lists and dictionaries of these) to `path`, wholly or not at all."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    files.write_bytes(path, buffer.getvalue())


def load(path: Path, mend: str = "delete it and begin a new run with --init best.pt") -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    A damaged one is a `DamagedFileError` with this `mend`, a file of another kind a `UserError`.
    """
    data = files.read_bytes(path)
    if not data.startswith(_ZIP):
        raise UserError(path, "is no checkpoint", _GIVE)
    try:
        content: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise DamagedFileError(path, "is not a whole checkpoint", mend) from error
    if not isinstance(content, dict) or not isinstance(content.get("network"), dict):
        raise UserError(path, "is no checkpoint of a run", _GIVE)
    return content


def begin_with(network: nn.Module, path: Path) -> list[str]:
    """Give `network` the averaged weights in the checkpoint at `path`; return the layers that are left as they were.

    A network whose last layers have another shape keeps its own there (a classifier is cut off, an embedding is made
    shorter). Fewer than half of the tensors fitting, or one that differs before the last that fits, is a `UserError`.
    """
    content = load(path, "begin with another one, or without --init")
    given = {name: value.float() for name, value in content.get("average", content["network"]).items()}
    own = network.state_dict()
    fits = [name in given and given[name].shape == value.shape for name, value in own.items()]
    first = fits.index(False) if False in fits else len(fits)
    if first < len(fits) / 2 or _layer(list(own)[first - 1]) in {_layer(name) for name in list(own)[first:]}:
        mend = "begin with a checkpoint of the same --net and --option"
        raise UserError(path, "holds the weights of another network", mend)
    kept = list(own)[:first]
    network.load_state_dict({name: given[name].to(own[name].dtype) for name in kept}, strict=False)
    return list(dict.fromkeys(_layer(name) for name in list(own)[first:]))


def _layer(name: str) -> str:
    return name.rpartition(".")[0]


def save_compact(path: Path, network: nn.Module) -> None:
    """Write the weights of `network` to `path` in bfloat16, two bytes each, enough for `--init` to begin with."""
    state = network.state_dict()
    small = {name: value.to(torch.bfloat16) if value.is_floating_point() else value for name, value in state.items()}
    save(path, {"network": small})
