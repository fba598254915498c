"""A last linear map of a whitened embedding that is trained to tell people apart, folded into the last layer.

Works on stored embeddings of people with several photos, so it takes seconds: each pair of photos of one person shall
be nearer, by a margin, than all other people's photos in the batch (a soft maximum over them), similarities shall stay
near the teacher's, and the map near the identity, since the people are few.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.whiten import head_of, mapped
from microface.learn.train.data import Photos

LEAST_PEOPLE = 100
"""With fewer people who have several photos the map would learn these people, not people."""


@dataclass(frozen=True)
class SharpenOptions:
    """Steps, rate, people and photos of each in a batch, scale and margin of similarities, weights of the two ties."""

    steps: int = 300
    rate: float = 2e-3
    people: int = 400
    photos: int = 4
    scale: float = 24.0
    margin: float = 0.2
    to_identity: float = 10.0
    to_teacher: float = 50.0


def sharpen(graph: FloatGraph, embeddings: np.ndarray, photos: Photos, options: SharpenOptions) -> FloatGraph:
    """Return `graph` with the map trained on its `embeddings` [N, D] of `photos` folded in."""
    groups = _groups(photos.people)
    if len(groups) < LEAST_PEOPLE or head_of(graph) is None:
        return graph
    length = float(np.linalg.norm(embeddings, axis=1).mean())
    x = torch.from_numpy((embeddings / length).astype(np.float32))
    turn, shift = _train(x, torch.from_numpy(photos.targets), groups, options)
    return mapped(graph, turn.astype(np.float64) / length, shift.astype(np.float64))


def _groups(people: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each named person with two photos or more."""
    order = np.argsort(people, kind="stable")
    _, first = np.unique(people[order], return_index=True)
    parts = np.split(order, first[1:])
    return [part for part in parts if len(part) > 1 and people[part[0]] >= 0]


def _train(x: Tensor, targets: Tensor, groups: list[np.ndarray], options: SharpenOptions) -> tuple[np.ndarray, ...]:
    size = x.shape[1]
    turn, shift = torch.eye(size, requires_grad=True), torch.zeros(size, requires_grad=True)
    optimizer = torch.optim.Adam([turn, shift], lr=options.rate)
    random = np.random.default_rng(0)
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * (1 - step / options.steps)
        rows, owners = _draw(groups, random, options)
        y = F.normalize(x[rows] @ turn + shift)
        ties = ((turn - torch.eye(size)) ** 2).sum() / size * options.to_identity + (shift**2).sum()
        loss = _apart(y @ y.T, owners, options) + ties
        if targets.shape[1]:
            loss = loss + options.to_teacher * unlike(y, targets[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return turn.detach().numpy(), shift.detach().numpy()


def _draw(groups: list[np.ndarray], random: np.random.Generator, options: SharpenOptions) -> tuple[Tensor, Tensor]:
    """Return the rows of a batch and the number of the person on each."""
    chosen = random.permutation(len(groups))[: options.people]
    rows = [random.permutation(groups[person])[: options.photos] for person in chosen]
    owners = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    return torch.from_numpy(np.concatenate(rows)), torch.from_numpy(owners)


def _apart(similarity: Tensor, owners: Tensor, options: SharpenOptions) -> Tensor:
    """Return the mean over pairs of one person of softplus(soft maximum over other people - pair + margin)."""
    same = owners[:, None] == owners[None]
    others = torch.logsumexp((options.scale * similarity).masked_fill(same, -1e4), 1, keepdim=True)
    pairs = same & ~torch.eye(len(owners), dtype=torch.bool)
    return F.softplus(others - options.scale * (similarity - options.margin))[pairs].mean()


def unlike(y: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared difference of the similarities of unit rows `y` [N, D] to those of `targets` [N, d]."""
    return ((y @ y.T - targets @ targets.T) ** 2).mean()
