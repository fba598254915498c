"""What may be chosen of the application."""

from dataclasses import dataclass

from microface.errors import UserError
from microface.network.inputs.resize import Rectangle
from microface.photos.preprocess import Preprocess
from microface.photos.rectangle import face_rectangle

CROPS_MAX, FRAMES_MAX = 8, 16
FRAME_SIZE = (240, 320)
OFFSETS = ((0, 0), (-6, -4), (6, 4))
LEAST_CONTRAST = 64


@dataclass(frozen=True)
class Settings:
    """`offsets` (right, down) in pixels of the frame, one per crop; `crops_agree` of them make a frame's verdict.

    `frames_agree` of the last `frames` verdicts make a report. A first crop whose contrast is below `least_contrast`
    (sixteenths of a step; 0 for never) shows nobody. Both agreements are majorities: only one verdict can reach them.
    """

    offsets: tuple[tuple[int, int], ...] = OFFSETS
    crops_agree: int = 2
    frames: int = 5
    frames_agree: int = 3
    least_contrast: int = LEAST_CONTRAST
    frame_size: tuple[int, int] = FRAME_SIZE

    def __post_init__(self) -> None:
        _check_majority("crops", len(self.offsets), self.crops_agree, CROPS_MAX)
        _check_majority("frames", self.frames, self.frames_agree, FRAMES_MAX)
        if self.least_contrast < 0:
            raise UserError(f"least contrast {self.least_contrast}", "is below 0", "give 0 or more")

    def rectangles(self, preprocess: Preprocess) -> tuple[Rectangle, ...]:
        """Return the rectangle of each crop in the frame; one that leaves the frame is a `UserError`."""
        first = face_rectangle(preprocess, self.frame_size)
        moved = tuple(first.moved(*offset) for offset in self.offsets)
        for offset, rectangle in zip(self.offsets, moved, strict=True):
            if not rectangle.fits(self.frame_size):
                raise UserError(f"offset {offset}", "moves the crop out of the frame", "choose a smaller one")
        return moved


def _check_majority(what: str, count: int, needed: int, most: int) -> None:
    if not (1 <= count <= most and needed <= count < 2 * needed):
        mend = f"use 1 to {most} {what}, and let more than half of them agree"
        raise UserError(f"{needed} of {count} {what}", "is no agreement", mend)
