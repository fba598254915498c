"""A film of the demo's people before the camera: who comes, moves, leaves, and what the application makes of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.chip.application.machine import State
from microface.console import track
from microface.demo.cast import Cast
from microface.demo.frames import Take, empty_frame, frame_of
from microface.errors import UserError
from microface.photos.detect.finder import Finder
from microface.photos.face import Box
from microface.photos.read import read_photo

STAND, EMPTY = 6, 4
_BESIDE = Take(right=20)
Photo = tuple[np.ndarray, Box]


@dataclass(frozen=True)
class Frame:
    """One frame: `picture` uint8 [240, 320, 3] of the `scene`, and who stands there (None for nobody or a stranger)."""

    scene: str
    picture: np.ndarray
    person: str | None


@dataclass(frozen=True)
class Shown:
    """A frame, the state of the application after it, and the line that it sent, if it sent one."""

    frame: Frame
    state: State
    line: str


def film(cast: Cast, seed: int = 0) -> list[Frame]:
    """Return the frames of six scenes with the people of `cast`: at least two enrolled ones and a stranger."""
    known = sorted({visit.person for visit in cast.visits if visit.person})
    if len(known) < 2 or all(visit.person for visit in cast.visits):
        raise UserError(cast.title, "has no two people and a stranger", "give visits of two people and of strangers")
    first, second, shot = known[0], known[1], _Camera(cast, seed)
    scenes = [
        shot.nobody("nobody"),
        shot.stands("a person", first),
        shot.nobody("the face leaves"),
        shot.stands("a stranger", None),
        shot.stands("two people, one", first),
        shot.stands("two people, other", second),
        shot.stands("beside the rectangle", second, _BESIDE),
    ]
    return [frame for scene in scenes for frame in scene]


def play(frames: Sequence[Frame], show: Callable[[np.ndarray], State], lines: Callable[[], list[str]]) -> list[Shown]:
    """Show the frames one after another to an application; `lines` returns what it has sent so far."""
    shown: list[Shown] = []
    for frame in track(frames, "frames"):
        before = len(lines())
        state = show(frame.picture)
        shown.append(Shown(frame, state, "".join(lines()[before:])))
    return shown


class _Camera:
    """Takes frames of people as they never stand quite still."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self._photos: dict[str | None, list[Path]] = {}
        for visit in cast.visits:
            self._photos.setdefault(visit.person, []).append(visit.photo)
        self._generator, self._finder, self._taken = np.random.default_rng(seed), Finder(), 0

    def nobody(self, scene: str) -> Iterator[Frame]:
        for _ in range(EMPTY):
            yield Frame(scene, empty_frame(self._seed()), None)

    def stands(self, scene: str, person: str | None, at: Take | None = None) -> Iterator[Frame]:
        photos = [self._look(path) for path in self._photos[person][:4]]
        for i in range(STAND):
            photo, box = photos[i * len(photos) // STAND]
            yield Frame(scene, frame_of(photo, box, self._moved(at or Take()), self._seed()), person)

    def _moved(self, around: Take) -> Take:
        right, down = self._generator.normal(0, 3, 2)
        nearer, light = self._generator.uniform(0.93, 1.07), self._generator.uniform(0.7, 1.2)
        return Take(around.right + right, around.down + down, nearer, light)

    def _look(self, path: Path) -> Photo:
        photo = read_photo(path)
        face = self._finder.central(photo)
        if face is None:
            raise UserError(path, "shows no face", "choose another photo")
        return photo, face.box

    def _seed(self) -> int:
        self._taken += 1
        return self._taken
