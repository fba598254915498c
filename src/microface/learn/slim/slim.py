"""A checkpoint to begin with: a wide network cut to a narrow one by the photos of a data set."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from microface.errors import UserError
from microface.learn import nets
from microface.learn.package import float_inputs
from microface.learn.slim.algebra import regress
from microface.learn.slim.cut import cut, neutral, shrunk
from microface.learn.slim.wide import read_wide
from microface.learn.teacher import SIDE
from microface.learn.train import checkpoint
from microface.learn.train.data import open_photos, order
from microface.photos.dataset import Dataset

NETWORK = "slimface"
_RIDGE = 0.3
_BATCH = 100


@dataclass(frozen=True)
class Slim:
    """What is cut: the ONNX `teacher`, to a `slimface` with `options`.

    Layers are fitted by `photos` faces of the data set, the embedding by `embedding_photos`.
    """

    teacher: Path
    options: dict[str, Any] = field(default_factory=dict)
    photos: int = 200
    embedding_photos: int = 6000


def slim(data: Path, output: Path, settings: Slim) -> dict[str, float]:
    """Write the checkpoint `output` for `microface train --init`; return how near it is to the teacher.

    `data` holds aligned faces of 112 x 112 (a margin may lie around them), else a `UserError`. The figure is the mean
    cosine of its embeddings and the teacher's on training photos that took no part.
    """
    options = nets.options_of(NETWORK, settings.options)
    narrow = nets.build(NETWORK, options).eval()
    pictures, targets = _faces(data, options.embedding, settings.embedding_photos + settings.photos)
    cut(read_wide(settings.teacher), narrow, pictures[: settings.photos], options.resolution)
    pictures = shrunk(pictures, options.input_size)
    near = _embed(narrow, pictures[settings.photos :], targets[settings.photos :])
    state = narrow.state_dict()
    checkpoint.save(output, {"network": state, "average": state})
    return {"photos": len(pictures), "cosine": near}


def _faces(data: Path, values: int, count: int) -> tuple[Tensor, Tensor]:
    """Return up to `count` training faces [n, 3, 112, 112] in the tones of training, and targets of `values` values."""
    Dataset.open(data, verify=False).require_aligned("a teacher")
    photos, _ = open_photos(data, values)
    if photos.content != (SIDE, SIDE):
        raise UserError(data, f"does not hold aligned faces of {SIDE} x {SIDE}", f"use --size {SIDE}")
    rows = order(len(photos), 0, 0)[:count]
    return torch.cat(float_inputs(photos, rows, (SIDE, SIDE))), torch.from_numpy(photos.targets[rows])


@torch.no_grad()
def _embed(narrow: nn.Module, pictures: Tensor, goal: Tensor) -> float:
    """Fit the last layer of `narrow` to `goal`; return the mean cosine on a tenth that is held back."""
    features = torch.cat([narrow.features(part).flatten(1) for part in pictures.split(_BATCH)])
    back = max(1, len(features) // 10)
    weight, bias = regress(features[back:], goal[back:], _RIDGE)
    plain = features @ weight.T
    narrow.embedding.linear.weight.copy_(weight)
    neutral(narrow.embedding.norm, plain.mean(0), plain.var(0), bias)
    return float(torch.cosine_similarity(plain[:back] + bias, goal[:back]).mean())
