"""How well embeddings tell held-out people apart, and the embeddings of a torch network."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from microface.learn.train.augment import centred
from microface.learn.train.data import Photos, unit_rows
from microface.learn.train.schedule import Size
from microface.metrics.person_pairs import split_pairs
from microface.metrics.roc import tar_table

RATES = (1e-2, 1e-3, 1e-4)
_COMPARED = 1000


@dataclass(frozen=True)
class Check:
    """Held-out verification: true-accept rate by false-accept rate, mean cosine to what is wanted, numbers of pairs.

    The cosine is None where embeddings cannot be compared with what is wanted: no teacher, or another length. Of
    another length, `agreement` is the correlation of the similarities of all pairs of photos with those wanted.
    """

    tar: dict[str, float]
    cosine: float | None
    genuine: int
    impostor: int
    agreement: float | None = None

    @property
    def goal(self) -> float:
        """What the best checkpoint is chosen by: the sum of the true-accept rates at 1e-2 and 1e-3.

        Where too few people are held out for these: nearness to what is wanted.
        """
        near = self.agreement if self.cosine is None else self.cosine
        return sum(self.tar.get(name, 0.0) for name in ("0.01", "0.001")) or near or 0.0


def to_input(crops: np.ndarray) -> torch.Tensor:
    """Return float32 [N, 3, H, W] of bytes uint8 [N, H, W, 3]: (byte - 128) / 128, in channels-last memory."""
    return (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 128) / 128


@torch.inference_mode()
def embed(
    network: nn.Module, photos: Photos, resolution: int | Size, batch: int = 128, device: str | torch.device = "cpu"
) -> np.ndarray:
    """Return float32 [len(photos), D]: the embeddings of the unchanged crops by `network`, which is on `device`."""
    network.eval()
    parts = [np.arange(i, min(i + batch, len(photos))) for i in range(0, len(photos), batch)]
    crops = (centred(photos.crops(part), resolution, photos.content) for part in parts)
    return torch.cat([network(to_input(part).to(device)).float().cpu() for part in crops]).numpy()


def check(embeddings: np.ndarray, photos: Photos, wanted: np.ndarray | None = None) -> Check:
    """Measure `embeddings` [N, D] of held-out `photos` over all pairs of photos of named people.

    The cosine is that to `wanted` [N, D], to the teacher's embeddings where it is not given.
    """
    unit, target = unit_rows(embeddings), unit_rows(photos.targets if wanted is None else wanted)
    cosine = float((unit * target).sum(axis=1).mean()) if unit.shape == target.shape else None
    alike = agreement(unit, target) if cosine is None and target.shape[1] else None
    genuine, impostor = pairs_of(embeddings, photos)
    tar = tar_table(genuine, impostor, RATES) if len(genuine) else {}
    return Check(tar, cosine, len(genuine), len(impostor), alike)


def agreement(unit: np.ndarray, target: np.ndarray) -> float:
    """Return the correlation of the similarities of all pairs of rows of `unit` [N, D] and of `target` [N, d], -1..1.

    Of the first 1,000 rows.
    """
    mine, wanted = ((rows @ rows.T)[np.triu_indices(len(rows), 1)] for rows in (unit[:_COMPARED], target[:_COMPARED]))
    if len(mine) < 2 or mine.std() == 0 or wanted.std() == 0:
        return 0.0
    return float(np.corrcoef(mine, wanted)[0, 1])


def pairs_of(embeddings: np.ndarray, photos: Photos) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosine distances (genuine, impostor) of all pairs of photos of named people."""
    named = photos.people >= 0
    unit, owners = unit_rows(embeddings[named].astype(np.float32)), photos.people[named]
    return split_pairs(1 - unit @ unit.T, owners)
