"""The application's meaning in Python, the same as `mf_application.c`: frames in, states and lines out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from microface.chip.application.settings import Settings
from microface.chip.application.votes import NOBODY, UNKNOWN, UNSURE, agreed, settled
from microface.chip.devices.device import Match
from microface.network.inputs.contrast import contrast
from microface.network.inputs.resize import Rectangle, crop_resized

NO_DISTANCE = 2**31 - 1
Recognise = Callable[[np.ndarray], Match]
"""From a uint8 crop [H, W, 3] to the nearest person and the distance; `Match.person` is not read."""


@dataclass(frozen=True)
class State:
    """What a display shows, the fields of `mf_application_state` in their order.

    Verdicts are a person's index, `UNKNOWN`, `UNSURE` or `NOBODY`; `distance` is the least of the crops that voted for
    `verdict`, `nearest` whose it is.
    """

    frames: int = 0
    verdict: int = UNSURE
    agreed: int = UNSURE
    reported: int = UNSURE
    distance: int = NO_DISTANCE
    nearest: int = -1
    crops_seen: int = 0
    votes: int = 0
    threshold: int = 0


@dataclass
class Application:
    """Looks at frames one after another. `lines` are the reports so far, without their newlines.

    `rectangles` has the place of each crop, `size` is the crop's (height, width); a person of the gallery is accepted
    when the distance is at most `threshold`. `face_present` looks at the whole frame first; None where nothing does.
    """

    settings: Settings
    rectangles: Sequence[Rectangle]
    size: tuple[int, int]
    recognise: Recognise
    names: Sequence[str]
    threshold: int
    face_present: Callable[[np.ndarray], bool] | None = None
    state: State = field(init=False)
    lines: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.state = State(threshold=self.threshold)
        self._verdicts: list[int] = []

    def frame(self, picture: np.ndarray) -> State:
        """Look at the uint8 `picture` [H, W, 3] and return the state after it."""
        verdict, seen = self._look(picture)
        votes = [self._vote(match) for match in seen]
        voters = [match for match, vote in zip(seen, votes, strict=True) if vote == verdict]
        nearest = min(voters, key=lambda match: match.distance, default=None)
        distance = nearest.distance if nearest else NO_DISTANCE
        found = nearest.nearest if nearest and distance < NO_DISTANCE else -1
        frames = self.state.frames + 1
        self.state = replace(
            self.state, frames=frames, verdict=verdict, distance=distance, nearest=found, crops_seen=len(seen)
        )
        self._count(verdict)
        return self.state

    def set_threshold(self, threshold: int) -> None:
        """Accept at most this distance from now on; votes by the old threshold are forgotten."""
        self._verdicts = []
        self.state = replace(self.state, threshold=threshold, agreed=UNSURE, votes=0)

    def forget(self) -> None:
        """Forget all votes and the newest report: after a change of the gallery."""
        self.set_threshold(self.state.threshold)
        self.state = replace(self.state, reported=UNSURE)

    def _look(self, picture: np.ndarray) -> tuple[int, list[Match]]:
        seen: list[Match] = []
        if self.face_present is not None and not self.face_present(picture):
            return NOBODY, []
        crops, needed = len(self.rectangles), self.settings.crops_agree
        while not settled([self._vote(match) for match in seen], crops - len(seen), needed):
            crop = crop_resized(picture, self.rectangles[len(seen)], self.size)
            if not seen and contrast(crop) < self.settings.least_contrast:
                return NOBODY, []
            seen.append(self.recognise(crop))
        return agreed([self._vote(match) for match in seen], needed), seen

    def _vote(self, match: Match) -> int:
        return match.nearest if match.nearest >= 0 and match.distance <= self.state.threshold else UNKNOWN

    def _count(self, verdict: int) -> None:
        self._verdicts = [*self._verdicts, verdict][-self.settings.frames :]
        found = agreed(self._verdicts, self.settings.frames_agree)
        votes = 0 if found == UNSURE else self._verdicts.count(found)
        self.state = replace(self.state, agreed=found, votes=votes)
        if found not in (UNSURE, self.state.reported):
            self.state = replace(self.state, reported=found)
            self.lines.append(self._line())

    def _line(self) -> str:
        state = self.state
        start = f"frame {state.frames}"
        if state.reported == NOBODY:
            return f"{start} nobody"
        distance = "" if state.distance == NO_DISTANCE else f" distance {state.distance}"
        tail = f"{distance} threshold {state.threshold}"
        if state.reported == UNKNOWN:
            return f"{start} unknown{tail}"
        return f"{start} person {state.reported}{tail} name {self.names[state.reported]}"
