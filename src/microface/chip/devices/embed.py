"""Embeddings of a whole data set on any device."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from microface.chip.devices.device import Device
from microface.console import progress
from microface.errors import UserError

BATCH = 64


class Shard(Protocol):
    """A part of a data set: its `crops`, uint8 [n, H, W, 3], may be mapped from disk."""

    @property
    def crops(self) -> np.ndarray:
        """The shard's crops."""
        ...


class Crops(Protocol):
    """A data set as embedding sees it: shards in order."""

    @property
    def shards(self) -> Sequence[Shard]:
        """The data set's shards."""
        ...


def embed_dataset(device: Device, dataset: Crops, what: str = "embedding") -> np.ndarray:
    """Return the embeddings s8 [rows, D] of all crops of `dataset`, in its order, with progress on the console.

    Crops larger than the network's input (training keeps a margin) are cut to their centre.
    """
    total = sum(len(shard.crops) for shard in dataset.shards)
    results = np.empty((total, device.model.network.output.elements), np.int8)
    with progress() as bar:
        task, done = bar.add_task(what, total=total), 0
        for batch in _batches(dataset):
            results[done : done + len(batch)] = device.embed(centre(batch, device.model.network.input.shape[:2]))
            done += len(batch)
            bar.update(task, completed=done)
    return results


def _batches(dataset: Crops) -> Iterator[np.ndarray]:
    for shard in dataset.shards:
        for first in range(0, len(shard.crops), BATCH):
            yield np.asarray(shard.crops[first : first + BATCH])


def centre(crops: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the middle `size` (height, width) of crops [N, H, W, 3]; the same margin stands on both sides."""
    margins = [have - want for have, want in zip(crops.shape[1:3], size, strict=True)]
    if any(margin < 0 or margin % 2 for margin in margins):
        given, wanted = f"{crops.shape[1]} x {crops.shape[2]}", f"{size[0]} x {size[1]}"
        raise UserError("data set", f"has crops of {given}, the network takes {wanted}", "prepare it for this network")
    top, left = (margin // 2 for margin in margins)
    return crops[:, top : top + size[0], left : left + size[1]]
