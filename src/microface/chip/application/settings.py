"""What may be chosen of the application."""

from collections.abc import Sequence
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
    A network in front lets a frame pass where it says face by more than `wake_margin`. With `rows` the camera delivers
    rows, and only the part of a frame that is needed is kept.
    """

    offsets: tuple[tuple[int, int], ...] = OFFSETS
    crops_agree: int = 2
    frames: int = 5
    frames_agree: int = 3
    least_contrast: int = LEAST_CONTRAST
    frame_size: tuple[int, int] = FRAME_SIZE
    wake_margin: int = 0
    rows: bool = False

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

    def wake_rectangle(self, preprocess: Preprocess, window: tuple[int, int]) -> Rectangle:
        """Return what a network in front sees: twice its `window` (height, width) round the face, or once.

        Twice is shrunk exactly, to the mean of four pixels; less where the frame does not hold it.
        """
        face = face_rectangle(preprocess, self.frame_size)
        for times in (2, 1):
            height, width = times * window[0], times * window[1]
            left, top = face.left + (face.width - width) // 2, face.top + (face.height - height) // 2
            left = min(max(left, 0), max(self.frame_size[1] - width, 0))
            top = min(max(top, 0), max(self.frame_size[0] - height, 0))
            if (found := Rectangle(left, top, width, height)).fits(self.frame_size):
                return found
        reason = f"does not hold the window of {window[1]} x {window[0]} of the network in front"
        raise UserError(f"a frame of {self.frame_size[1]} x {self.frame_size[0]}", reason, "use a larger frame")


def part_of(rectangles: Sequence[Rectangle]) -> Rectangle:
    """Return the smallest rectangle that holds all `rectangles`."""
    left, top = min(each.left for each in rectangles), min(each.top for each in rectangles)
    right, bottom = (
        max(each.left + each.width for each in rectangles),
        max(each.top + each.height for each in rectangles),
    )
    return Rectangle(left, top, right - left, bottom - top)


def _check_majority(what: str, count: int, needed: int, most: int) -> None:
    if not (1 <= count <= most and needed <= count < 2 * needed):
        mend = f"use 1 to {most} {what}, and let more than half of them agree"
        raise UserError(f"{needed} of {count} {what}", "is no agreement", mend)
