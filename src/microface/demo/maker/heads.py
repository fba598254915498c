"""Heads to learn from: frontal, large and coloured photos of research data, aligned by five landmarks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from microface.demo.maker.canvas import HEIGHT, LANDMARKS, WIDTH
from microface.errors import UserError
from microface.photos.align import umeyama
from microface.photos.detect.mtcnn import DetectorOptions, Mtcnn
from microface.photos.face import Face

SOURCES = {"us_congress": 110, "scut_fbp5500": 140, "celeba_test": 150, "celeba_wild": 140, "celeba_aligned": 150}
"""Files of photos (without .parquet) and the least width in pixels of a photo that is looked at."""
MOST_PER_SOURCE = 6000
_LEAST_EYE_DISTANCE, _MOST_TURN, _MOST_SHIFT, _LEAST_SATURATION = 34.0, 0.14, 7.0, 18.0


@dataclass(frozen=True)
class Heads:
    """Aligned heads: `pictures` uint8 [n, 192, 144, 4] (RGB and 255 where the photo reached), who, how sharp.

    `people` is the name of the person, or the photo's own key where no name is known; `cover` the share 0..1 of
    the frame that the photo filled.
    """

    pictures: np.ndarray
    people: tuple[str, ...]
    sharpness: np.ndarray
    cover: np.ndarray

    def save(self, folder: Path) -> None:
        """Write the heads as files of `folder`."""
        np.save(folder / "heads.npy", self.pictures)
        np.savez(folder / "heads.npz", sharpness=self.sharpness, cover=self.cover)
        (folder / "heads.json").write_text(json.dumps(self.people))

    @classmethod
    def load(cls, folder: Path) -> "Heads":
        """Read what `save` wrote."""
        numbers = np.load(folder / "heads.npz")
        people = tuple(json.loads((folder / "heads.json").read_text()))
        pictures = np.load(folder / "heads.npy", mmap_mode="r")
        return cls(pictures, people, numbers["sharpness"], numbers["cover"])


def rows(path: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield key, name ("" if unknown) and RGB photo of each row of a parquet file of photos."""
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UserError(path, "does not exist", "give the folder that holds the .parquet files of photos")
    for batch in pq.ParquetFile(path).iter_batches(500, columns=["key", "identity", "photo"]):
        for row in batch.to_pylist():
            photo = cv2.imdecode(np.frombuffer(row["photo"], np.uint8), cv2.IMREAD_COLOR)
            yield row["key"], row["identity"] or "", cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def collect(photos: Path) -> Heads:
    """Return the heads of the files in folder `photos` that are fit to learn from (about ten minutes)."""
    detector = Mtcnn(1)
    found: list[tuple[np.ndarray, str]] = []
    for source, least_width in SOURCES.items():
        wide = (row for row in rows(photos / f"{source}.parquet") if row[2].shape[1] >= least_width)
        for _, (key, name, photo) in zip(range(MOST_PER_SOURCE), wide, strict=False):
            picture = head(photo, detector)
            if picture is not None:
                found.append((picture, name or key))
    pictures = np.stack([picture for picture, _ in found])
    return Heads(
        pictures,
        tuple(person for _, person in found),
        np.array([sharpness(picture) for picture in pictures]),
        np.array([(picture[..., 3] > 0).mean() for picture in pictures]),
    )


def head(photo: np.ndarray, detector: Mtcnn) -> np.ndarray | None:
    """Return the head in `photo` in the frame, uint8 [192, 144, 4]; None where it is not fit to learn from."""
    if cv2.cvtColor(photo[::4, ::4], cv2.COLOR_RGB2HSV)[..., 1].mean() < _LEAST_SATURATION:
        return None
    faces = detector.detect(photo, DetectorOptions(smallest=max(20, int(min(photo.shape[:2]) * 0.35))))
    if len(faces) != 1 or faces[0].eye_distance < _LEAST_EYE_DISTANCE:
        return None
    matrix = umeyama(faces[0].points, LANDMARKS)
    return _framed(photo, matrix) if _frontal(faces[0], matrix) else None


def _frontal(face: Face, matrix: np.ndarray) -> bool:
    places = face.points @ matrix[:, :2].T + matrix[:, 2]
    eyes, nose = places[:2, 0], places[2, 0]
    turn = abs(nose - eyes.mean()) / (eyes[1] - eyes[0])
    return bool(turn <= _MOST_TURN and np.abs(places - LANDMARKS).max() <= _MOST_SHIFT)


def _framed(photo: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size, edge = (WIDTH, HEIGHT), cv2.BORDER_REPLICATE
    picture = cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_CUBIC, borderMode=edge)
    inside = cv2.warpAffine(np.full(photo.shape[:2], 255, np.uint8), matrix, size)
    return np.dstack([picture, inside])


def sharpness(picture: np.ndarray) -> float:
    """Return the contrast of edges in the middle of the face by the contrast of the whole of it (about 0.2..0.8)."""
    grey = cv2.cvtColor(picture[60:140, 40:104, :3], cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F)
    return float(edges.std() / (grey.std() + 5))
