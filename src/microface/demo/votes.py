"""What votes do to false accepts, measured: strangers of the demo before the camera, single crops beside reports."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from microface.chip.application.settings import Settings
from microface.chip.application.votes import UNKNOWN, agreed
from microface.chip.devices.device import Device, Match
from microface.console import track
from microface.demo.cast import Cast
from microface.demo.frames import Take, frame_of
from microface.errors import UserError
from microface.metrics.votes import independent
from microface.network.inputs.resize import crop_resized
from microface.photos.detect.finder import Finder
from microface.photos.read import read_photo

_SHARES = (0.5, 0.2, 0.1, 0.05, 0.02)


@dataclass(frozen=True)
class VoteRate:
    """Shares of false accepts at one `threshold`: of single crops, of frames, of reports (a stranger's few frames).

    `independent` has what (frame, report) would be if crops and frames erred independently.
    """

    threshold: int
    crop: float
    frame: float
    report: float
    independent: tuple[float, float]

    def to_json(self) -> dict[str, object]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def stranger_matches(cast: Cast, device: Device, settings: Settings, times: int = 2, seed: int = 0) -> np.ndarray:
    """Return int64 [sequences, frames, crops, 2]: nearest person and distance of each crop of strangers' frames.

    The device has the gallery already. Each stranger's photo stands before the camera `times`, as people stand.
    """
    generator, finder = np.random.default_rng(seed), Finder()
    rows = []
    for visit in track([visit for visit in cast.visits if visit.person is None], "strangers"):
        photo = read_photo(visit.photo)
        face = finder.central(photo)
        for _ in range(times if face is not None else 0):
            assert face is not None
            frames = (frame_of(photo, face.box, _take(generator), int(generator.integers(1 << 30)))
                      for _ in range(settings.frames))  # fmt: skip
            rows.append([_matches(frame, device, settings) for frame in frames])
    if not rows:
        raise UserError(cast.title, "has no strangers", "give photos in a folder `unknown`")
    return np.array(rows, np.int64)


def _take(generator: np.random.Generator) -> Take:
    right, down = generator.normal(0, 3, 2)
    return Take(right, down, generator.uniform(0.93, 1.07), generator.uniform(0.7, 1.2))


def _matches(frame: np.ndarray, device: Device, settings: Settings) -> list[tuple[int, int]]:
    preprocess = device.model.preprocess
    assert preprocess is not None
    crops = [crop_resized(frame, place, preprocess.size) for place in settings.rectangles(preprocess)]
    found: Sequence[Match] = device.match(device.embed(np.stack(crops)))
    return [(match.nearest, match.distance) for match in found]


def rates(matches: np.ndarray, settings: Settings) -> Iterator[VoteRate]:
    """Yield the rates at the thresholds where single crops of `matches` are accepted with a few set shares."""
    distances = np.sort(matches[..., 1].ravel())
    for share in _SHARES:
        threshold = int(distances[max(0, round(share * len(distances)) - 1)])
        votes = np.where(matches[..., 1] <= threshold, matches[..., 0], UNKNOWN)
        crop = float((votes >= 0).mean())
        verdicts = [[agreed(list(crops), settings.crops_agree) for crops in frames] for frames in votes.tolist()]
        reports = [agreed(each, settings.frames_agree) for each in verdicts]
        alone = independent(crop, (votes.shape[2], settings.crops_agree), (settings.frames, settings.frames_agree))
        frame, report = float((np.array(verdicts) >= 0).mean()), float((np.array(reports) >= 0).mean())
        yield VoteRate(threshold, crop, frame, report, alone)
