"""The check of the made-up people: what the demo's pictures must fulfil, measured on the files."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from microface.demo.maker.audition import LEAST_SAME, MOST_DIFFERENT
from microface.demo.maker.named import NamedPhotos, normalised
from microface.photos.crop import crop
from microface.photos.detect.mtcnn import Mtcnn
from microface.photos.face import Face
from microface.photos.preprocess import Preprocess
from microface.photos.read import read_photo

Vectors = dict[str, np.ndarray]
"""Unit vectors [pictures, d] of each person."""


@dataclass(frozen=True)
class Claim:
    """One requirement: what it says, the worst value that was measured, whether it holds."""

    says: str
    worst: float
    holds: bool


@dataclass(frozen=True)
class Seen:
    """The people's pictures with the faces that the detector finds in each."""

    photos: dict[str, tuple[np.ndarray, ...]]
    faces: dict[str, tuple[tuple[Face, ...], ...]]

    @classmethod
    def look(cls, people: dict[str, tuple[Path, ...]]) -> "Seen":
        """Read and search the pictures of `people`."""
        detector = Mtcnn(1)
        photos = {name: tuple(read_photo(path) for path in paths) for name, paths in people.items()}
        faces = {name: tuple(detector.detect(photo) for photo in seen) for name, seen in photos.items()}
        return cls(photos, faces)

    def one_face_each(self) -> Claim:
        """Return the claim that every picture shows exactly one face."""
        wrong = sum(len(faces) != 1 for found in self.faces.values() for faces in found)
        return Claim("pictures in which the detector does not find exactly one face: none", float(wrong), wrong == 0)

    def vectors(self, preprocess: Preprocess, embed: Callable[[np.ndarray], np.ndarray]) -> Vectors:
        """Return unit vectors of the crops of each person by `embed` [N, H, W, 3] -> [N, d]."""
        crops = {
            name: np.stack([crop(photo, faces[0].points, preprocess) for photo, faces in zip(seen, found, strict=True)])
            for (name, seen), found in zip(self.photos.items(), self.faces.values(), strict=True)
        }
        return {name: normalised(np.asarray(embed(views), np.float32)) for name, views in crops.items()}


def teacher_claims(vectors: Vectors, named: NamedPhotos | None) -> list[Claim]:
    """Return the claims on the teacher's `vectors`; that on real people only where `named` photos are given."""
    same = min(_same(own) for own in vectors.values())
    different = max(float((one @ other.T).mean()) for one, other in combinations(vectors.values(), 2))
    claims = [
        Claim(f"mean cosine within a person at least {LEAST_SAME}", same, same >= LEAST_SAME),
        Claim(f"mean cosine across two people at most {MOST_DIFFERENT}", different, different <= MOST_DIFFERENT),
    ]
    if named is None:
        return claims
    nearest = max(float(named.nearest(own).max()) for own in vectors.values())
    says = f"highest cosine to a named real photo at most {named.limit:.3f}"
    return [*claims, Claim(says, nearest, nearest <= named.limit)]


def _same(vectors: np.ndarray) -> float:
    return float((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)].mean())


def apart(vectors: Vectors, network: str) -> Claim:
    """Return the claim that `network` sees every picture nearer to its own person's others than to anybody else's."""
    margins = [
        _own(own, index) - max(float((own[index] @ other.T).mean()) for key, other in vectors.items() if key != name)
        for name, own in vectors.items()
        for index in range(len(own))
    ]
    return Claim(
        f"{network}: own person nearer than any other, least lead in cosine above 0", min(margins), min(margins) > 0
    )


def _own(vectors: np.ndarray, index: int) -> float:
    return float((np.delete(vectors, index, axis=0) @ vectors[index]).mean())
