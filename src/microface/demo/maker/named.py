"""Named real photos: how alike different people are to the teacher, so that no drawn face comes nearer to one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.console import track
from microface.errors import UserError
from microface.files import read_bytes
from microface.photos.dataset import Dataset

PERCENTILE = 90
_ROWS = 512


@dataclass(frozen=True)
class NamedPhotos:
    """Unit embeddings float32 [n, d] of photos whose people are known, the people's numbers, and the limit.

    `limit` is the 90th percentile over the photos of their highest cosine to a photo of another name.
    """

    embeddings: np.ndarray
    limit: float

    def nearest(self, embeddings: np.ndarray) -> np.ndarray:
        """Return for each of the unit `embeddings` [m, d] its highest cosine to a named photo."""
        return np.asarray((embeddings @ self.embeddings.T).max(axis=1))


def named_photos(faces: Path, teacher: Path) -> NamedPhotos:
    """Return the named photos of the data set in the folder `faces`, which holds embeddings of the file `teacher`.

    `microface prepare` embeds on all cores and goes on where it stopped. Another teacher's data set is a `UserError`.
    """
    dataset = Dataset.open(faces, verify=False)
    if dataset.manifest.teacher.get("sha256") != hashlib.sha256(read_bytes(teacher)).hexdigest():
        raise UserError(faces, f"was not prepared with {teacher.name}", "prepare it with this teacher")
    found: list[np.ndarray] = []
    names: list[str] = []
    for shard in dataset.shards:
        rows = shard.read_rows()
        named = [place for place, row in enumerate(rows) if row["identity"]]
        found.append(np.asarray(shard.map_embeddings()[named]))
        names += [rows[place]["identity"] for place in named]
    if len(set(names)) < 2:
        raise UserError(faces, "names fewer than two people", "prepare collections with names")
    return measured(np.concatenate(found), np.array(names))


def measured(embeddings: np.ndarray, names: np.ndarray) -> NamedPhotos:
    """Return the photos of `embeddings` [n, d] (any length) of the people `names` [n], with their limit."""
    unit = normalised(embeddings)
    _, who = np.unique(names, return_inverse=True)
    return NamedPhotos(unit, float(np.percentile(_nearest_others(unit, who), PERCENTILE)))


def _nearest_others(unit: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Return for each photo its highest cosine to a photo of somebody else."""
    result = np.zeros(len(unit), np.float32)
    for start in track(range(0, len(unit), _ROWS), "how alike others are"):
        part = slice(start, start + _ROWS)
        cosines = unit[part] @ unit.T
        cosines[who[part, None] == who[None]] = -1
        result[part] = cosines.max(axis=1)
    return result


def normalised(embeddings: np.ndarray) -> np.ndarray:
    """Return `embeddings` [n, d] divided by their lengths, float32."""
    return np.asarray(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), np.float32)
