"""Linear algebra on activations: leading directions, the channels that say most, least squares. All in float64.

Activations are matrices [n, channels]: a row is one pixel of one photo.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

_TINY = 1e-6


def rows(maps: Tensor, places: Tensor | None = None) -> Tensor:
    """Return maps [N, C, H, W] as rows [N x H x W, C], or those at `places` alone."""
    flat = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    return flat if places is None else flat[places]


def leading(maps: Sequence[Tensor], count: int) -> Tensor:
    """Return the `count` leading directions [C, count] of what the maps [N, C, H, W] have in common (their PCA)."""
    covariance = sum((torch.cov(rows(each).double().T) for each in maps), torch.zeros((), dtype=torch.float64))
    return torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :count].float()


def choose(sources: Tensor, targets: Tensor, count: int) -> list[int]:
    """Return `count` columns of `sources` [n, C] from which `targets` [n, T] follow best linearly, in rising order.

    Forward selection: each takes away most of the variance that those before it left (orthogonal matching pursuit).
    """
    sources, targets = _centred(sources), _centred(targets)
    among, across = sources.T @ sources, sources.T @ targets
    floor = _TINY * float(among.diagonal().mean()) + 1e-30
    chosen: list[int] = []
    for _ in range(min(count, len(among))):
        gain = across.square().sum(1) / (among.diagonal() + floor)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        share = among[:, best] / among[best, best].clamp_min(floor)
        across, among = across - share.outer(across[best]), among - share.outer(among[best])
    return sorted(chosen)


def regress(sources: Tensor, targets: Tensor, ridge: float = 1e-4) -> tuple[Tensor, Tensor]:
    """Return weights [T, C] and bias [T] with the least squares of sources @ weights.T + bias - targets.

    `ridge` is a share of the sources' mean variance.
    """
    centre, middle = sources.double().mean(0), targets.double().mean(0)
    sources, targets = _centred(sources), _centred(targets)
    gram = sources.T @ sources
    gram += (ridge * float(gram.diagonal().mean()) + 1e-30) * torch.eye(len(gram), dtype=gram.dtype)
    weights = torch.linalg.solve(gram, sources.T @ targets).T
    return weights.float(), (middle - weights @ centre).float()


def _centred(matrix: Tensor) -> Tensor:
    matrix = matrix.double()
    return matrix - matrix.mean(0)
