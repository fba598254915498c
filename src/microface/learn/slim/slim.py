"""A checkpoint to begin with: a wide network cut to a narrow one by the photos of a data set."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from microface.errors import UserError
from microface.learn import nets
from microface.learn.slim.algebra import regress
from microface.learn.slim.cut import cut, neutral, shrunk
from microface.learn.slim.wide import read_wide
from microface.learn.teacher import SIDE
from microface.learn.train import checkpoint
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
    pictures, embeddings = _faces(Dataset.open(data), settings.embedding_photos + settings.photos)
    cut(read_wide(settings.teacher), narrow, pictures[: settings.photos], options.resolution)
    pictures = shrunk(pictures, options.input_size)
    near = _embed(narrow, pictures[settings.photos :], _shortened(embeddings, options.embedding)[settings.photos :])
    state = narrow.state_dict()
    checkpoint.save(output, {"network": state, "average": state})
    return {"photos": len(pictures), "cosine": near}


def _faces(dataset: Dataset, count: int) -> tuple[Tensor, Tensor]:
    """Return about `count` training faces [n, 3, 112, 112] in the tones of training, and the teacher's embeddings."""
    if dataset.content != (SIDE, SIDE):
        raise UserError(dataset.folder, f"does not hold aligned faces of {SIDE} x {SIDE}", f"use --size {SIDE}")
    random, crops, embeddings = np.random.default_rng(0), [], []
    shards = [shard for shard in dataset.shards if shard.info.splits.get("train", 0)]
    for shard in shards:
        rows = [place for place, row in enumerate(shard.rows) if row["split"] == "train"]
        few = np.sort(random.choice(rows, min(-(-count // len(shards)), len(rows)), replace=False))
        margin = (shard.crops.shape[1] - SIDE) // 2
        crops.append(shard.crops[few][:, margin : margin + SIDE, margin : margin + SIDE])
        embeddings.append(shard.embeddings[few])
    order = random.permutation(sum(map(len, crops)))
    planes = torch.from_numpy(np.concatenate(crops)[order]).permute(0, 3, 1, 2).float()
    return (planes - 128) / 128, torch.from_numpy(np.concatenate(embeddings)[order])


def _shortened(embeddings: Tensor, length: int) -> Tensor:
    """Return the leading directions of `embeddings` [n, D], not centred, where the network gives fewer values."""
    if length >= embeddings.shape[1]:
        return embeddings
    return embeddings @ torch.linalg.svd(embeddings, full_matrices=False).Vh[:length].T


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
