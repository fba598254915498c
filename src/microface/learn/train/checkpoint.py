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


@dataclass
class Position:
    """Where a run stands: steps done, epoch, batches done in it, seconds of training, best check so far."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    photos: int = 0
    best: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` (tensors, numbers, text, lists and dictionaries of these) to `path`, wholly or not at all."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    files.write_bytes(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it; a damaged one is a `DamagedFileError`."""
    data = files.read_bytes(path)
    try:
        content: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise DamagedFileError(path, "is not a checkpoint", "start the run anew") from error
    return content


def begin_with(network: nn.Module, path: Path) -> None:
    """Give `network` the averaged weights in the checkpoint at `path`; one of another network is a `UserError`."""
    content = load(path)
    try:
        network.load_state_dict(content.get("average", content["network"]))
    except RuntimeError as error:
        mend = "begin with a checkpoint of the same --net and --option"
        raise UserError(path, "holds the weights of another network", mend) from error
