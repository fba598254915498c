"""Finding faces in any photo: scaled so that the search is quick, searched again when nothing is found."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from microface.photos.detect.mtcnn import DetectorOptions, Mtcnn
from microface.photos.face import Box, Face, as_landmarks, most_central

_SMALLEST = 20
"""The detector is not trained for faces of fewer pixels."""


@dataclass(frozen=True)
class Search:
    """How a photo is searched.

    It is scaled down to `longest` pixels on the longer side; faces of at least `share` of the shorter side are
    sought, so a set of loose crops (large faces) is searched several times as fast as group pictures.
    """

    longest: int = 640
    share: float = 0.1


LOOSE_CROPS = Search(share=0.3)
"""For pictures that show one face and little else."""


class Finder:
    """Finds faces with one `Mtcnn`; one per thread or process."""

    def __init__(self, search: Search | None = None, threads: int = 1) -> None:
        self.search = search or Search()
        self._detector = Mtcnn(threads)

    def find(self, photo: np.ndarray) -> tuple[Face, ...]:
        """Return the faces in the RGB `photo` (uint8 [H, W, 3]) in its pixels, best score first."""
        factor = min(1.0, self.search.longest / max(photo.shape[:2]))
        if min(photo.shape[:2]) * factor < 1:  # a line, which cannot be scaled
            return ()
        small = photo if factor == 1 else cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        faces = self._search(np.asarray(small))
        return faces if factor == 1 else tuple(face.scaled(1 / factor) for face in faces)

    def central(self, photo: np.ndarray) -> Face | None:
        """Return the face nearest to the middle of `photo`; None when there is none."""
        return most_central(self.find(photo), photo.shape[1], photo.shape[0])

    def _search(self, photo: np.ndarray) -> tuple[Face, ...]:
        smallest = max(_SMALLEST, round(min(photo.shape[:2]) * self.search.share))
        options = DetectorOptions(smallest)
        return self._detector.detect(photo, options) or self._search_again(photo, options)

    def _search_again(self, photo: np.ndarray, options: DetectorOptions) -> tuple[Face, ...]:
        """Search with a wide border, for faces that fill the photo, and with milder early thresholds."""
        pad = max(photo.shape[:2]) // 3
        wide = cv2.copyMakeBorder(photo, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        milder = replace(options, proposal=0.5, refinement=0.6)
        found = self._detector.detect(np.asarray(wide), milder)
        return tuple(_moved(face, -pad) for face in found if _inside(face, pad, photo.shape))


def _moved(face: Face, by: float) -> Face:
    box = face.box
    moved = Box(box.left + by, box.top + by, box.right + by, box.bottom + by)
    return replace(face, box=moved, landmarks=as_landmarks(face.points + by))


def _inside(face: Face, pad: int, shape: tuple[int, ...]) -> bool:
    """Say whether both eyes, nose and mouth corners lie in the photo itself."""
    points = face.points - pad
    return bool((points >= -0.5).all() and (points <= np.array([shape[1], shape[0]]) - 0.5).all())
