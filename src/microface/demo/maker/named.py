"""Named real photos: how alike different people are to the teacher, so that no drawn face comes nearer to one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.console import track
from microface.demo.maker.heads import rows
from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW, crop
from microface.photos.detect.mtcnn import DetectorOptions, Mtcnn
from microface.photos.face import most_central
from microface.photos.teacher import Teacher

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

    def save(self, path: Path) -> None:
        """Write the photos' embeddings and the limit as an .npz file."""
        np.savez(path, embeddings=self.embeddings, limit=self.limit)

    @classmethod
    def load(cls, path: Path) -> "NamedPhotos":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["embeddings"], float(stored["limit"]))


def named_photos(photos: Path, teacher: Teacher) -> NamedPhotos:
    """Return the named photos of every .parquet file in the folder `photos` (a quarter of an hour)."""
    files = sorted(photos.glob("*.parquet"))
    if not files:
        raise UserError(photos, "holds no .parquet file", "give the folder of research photos")
    detector, found, names = Mtcnn(1), [], []
    for file in files:
        for _, name, photo in track(rows(file, named=True), file.stem):
            view = _view(photo, detector)
            if view is not None:
                found.append(teacher.embed(view[None])[0])
                names.append(name)
    return measured(np.stack(found), np.array(names))


def _view(photo: np.ndarray, detector: Mtcnn) -> np.ndarray | None:
    smallest = max(20, int(min(photo.shape[:2]) * 0.35))
    faces = detector.detect(photo, DetectorOptions(smallest=smallest))
    face = most_central(faces, photo.shape[1], photo.shape[0])
    return None if face is None else crop(photo, face.points, TEACHER_VIEW)


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
