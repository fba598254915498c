"""Auditions: people are drawn until enough of them are seen, kept together and told apart by detector and teacher."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from microface.console import track
from microface.demo.maker.model import FaceModel
from microface.demo.maker.named import NamedPhotos, normalised
from microface.demo.maker.person import Casting
from microface.demo.maker.picture import Variety, picture
from microface.photos.crop import TEACHER_VIEW, crop
from microface.photos.detect.mtcnn import Mtcnn
from microface.photos.quality import judge
from microface.photos.teacher import Teacher

LEAST_SAME, MOST_DIFFERENT = 0.5, 0.15
"""Bounds of the mean cosine within a person's pictures, and across those of two."""
_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Standards:
    """What an audition asks for; a little more than `check` does, since others measure again."""

    least_same: float = LEAST_SAME + 0.05
    most_different: float = MOST_DIFFERENT - 0.005
    detector_score: float = 0.95
    margin: float = 0.01
    """How far below the limit of named photos the nearest one stays."""


@dataclass(frozen=True)
class Candidate:
    """A drawn person with pictures as JPEG bytes and their unit embeddings [n, d]."""

    number: int
    jpegs: tuple[bytes, ...]
    embeddings: np.ndarray

    @property
    def same(self) -> float:
        """Mean cosine over the pairs of pictures."""
        cosines = self.embeddings @ self.embeddings.T
        return float(cosines[np.triu_indices(len(cosines), 1)].mean())

    def different(self, other: "Candidate") -> float:
        """Mean cosine over the pairs of one picture of each."""
        return float((self.embeddings @ other.embeddings.T).mean())

    def showing(self, pictures: int) -> "Candidate":
        """Return the person with the first `pictures` only."""
        return Candidate(self.number, self.jpegs[:pictures], self.embeddings[:pictures])


@dataclass
class Tally:
    """How many people were drawn, and how many of them were thrown away for what reason."""

    drawn: int = 0
    thrown_away: dict[str, int] = field(default_factory=dict)

    def throw(self, reason: str, count: int = 1) -> None:
        """Count `count` people more that were thrown away."""
        self.thrown_away[reason] = self.thrown_away.get(reason, 0) + count


class Jury:
    """Looks at pictures as the demo will: detector, quality, teacher, named photos."""

    def __init__(self, teacher: Teacher, named: NamedPhotos, standards: Standards) -> None:
        self.teacher, self.named, self.standards, self._detector = teacher, named, standards, Mtcnn(1)

    def view(self, photo: np.ndarray) -> np.ndarray | None:
        """Return the aligned crop of `photo` where it shows exactly one good face."""
        faces = self._detector.detect(photo)
        face, quality = judge(photo, faces)
        good = len(faces) == 1 and quality.good and faces[0].score >= self.standards.detector_score
        return crop(photo, face.points, TEACHER_VIEW) if good and face is not None else None

    def reason_against(self, candidate: Candidate) -> str | None:
        """Return why `candidate` may not play; None when nothing is against it."""
        if candidate.same < self.standards.least_same:
            return "own pictures not alike enough"
        if self.named.nearest(candidate.embeddings).max() > self.named.limit - self.standards.margin:
            return "too like a real person"
        return None


@dataclass(frozen=True)
class Audition:
    """How people are drawn: from `model`, by `seed`; `pictures` are wanted of each."""

    model: FaceModel
    casting: Casting
    variety: Variety
    seed: int
    pictures: tuple[int, ...]

    def choose(self, jury: Jury, drawn: int, seemly: Sequence[int]) -> tuple[list[Candidate], Tally]:
        """Return a person per number in `pictures`, all told apart from each other, and why others were thrown away.

        They are among the first `drawn` people. Only the numbers in `seemly` are looked at, in that order; the others
        were thrown away by eye. Nobody comes back where the drawn ones do not suffice.
        """
        tally = Tally(drawn, {"did not look right, by eye": drawn - len(seemly)})
        good: list[Candidate] = []
        for number in track(seemly, "audition"):
            candidate = self.candidate(number, jury)
            reason = (
                "not exactly one good face in each picture" if candidate is None else jury.reason_against(candidate)
            )
            if candidate is None or reason is not None:
                tally.throw(reason or "")
            else:
                good.append(candidate)
        cast = told_apart(good, self.pictures, jury.standards.most_different)
        tally.throw("too like somebody chosen, or not needed", len(good) - len(cast))
        return cast, tally

    def candidate(self, number: int, jury: Jury) -> Candidate | None:
        """Return person `number`; None where one of them does not show exactly one good face."""
        person = self.casting.draw(np.random.default_rng([self.seed, number]))
        jpegs, views = [], []
        for index in range(max(self.pictures)):
            generator = np.random.default_rng([self.seed, number, index])
            jpegs.append(to_jpeg(picture(self.model, person, self.variety, generator)))
            view = jury.view(from_jpeg(jpegs[-1]))
            if view is None:
                return None
            views.append(view)
        return Candidate(number, tuple(jpegs), normalised(jury.teacher.embed(np.stack(views))))


def told_apart(people: list[Candidate], pictures: tuple[int, ...], most_different: float) -> list[Candidate]:
    """Return a person per number in `pictures`, with so many, no two of them alike; nobody where there are not so many.

    The first ones in the order of `people`: depth-first search that gives a branch up when it cannot be completed.
    """
    shown = {count: [person.showing(count) for person in people] for count in set(pictures)}
    apart = {
        (one, other): [[a.different(b) <= most_different for b in shown[other]] for a in shown[one]]
        for one in shown
        for other in shown
    }

    def fits(index: int, role: int, chosen: list[int]) -> bool:
        return all(apart[pictures[role], pictures[place]][index][had] for place, had in enumerate(chosen))

    def complete(chosen: list[int], rest: list[int]) -> list[int] | None:
        """Return `chosen` with enough of `rest`, people who fit to all chosen at least with some number of pictures."""
        role = len(chosen)
        if role == len(pictures):
            return chosen
        ordered = role > 0 and pictures[role] == pictures[role - 1]
        for index in rest:
            if fits(index, role, chosen) and not (ordered and index < chosen[-1]):
                left = [other for other in rest if other != index and _may_fit(apart, index, other)]
                enough = role + 1 + len(left) >= len(pictures)
                found = complete([*chosen, index], left) if enough else None
                if found is not None:
                    return found
        return None

    cast = complete([], list(range(len(people)))) or []
    return [shown[count][index] for index, count in zip(cast, pictures, strict=False)]


def _may_fit(apart: dict[tuple[int, int], list[list[bool]]], one: int, other: int) -> bool:
    return any(table[one][other] for table in apart.values())


def to_jpeg(photo: np.ndarray) -> bytes:
    """Return the RGB `photo` as a JPEG file."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return bytes(data)


def from_jpeg(data: bytes) -> np.ndarray:
    """Return the RGB picture in a JPEG file."""
    return np.asarray(cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
