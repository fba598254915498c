"""The rule that says whether a window of a picture shows a face, none, or cannot be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from microface.errors import UserError
from microface.photos.layouts.wider import MarkedFace

Label = Literal["face", "none", "partial", "tiny", "blurred", "occluded", "invalid"]
AMBIGUOUS: tuple[Label, ...] = ("partial", "tiny", "blurred", "occluded", "invalid")
"""Why a window is left out."""
_HEAVY = 2


@dataclass(frozen=True)
class Rule:
    """`side` of the square window in pixels; `smallest` shorter side of a clear face as a share of it.

    A face is clear when it lies wholly inside, is that large, and is neither heavily blurred nor heavily occluded.
    A window with a clear face shows a face; one that no marked face touches shows none; all others are ambiguous.
    """

    side: int = 200
    smallest: float = 0.2

    def __post_init__(self) -> None:
        """Refuse windows that cannot be."""
        if not (16 <= self.side <= 4096 and 0 < self.smallest < 1):
            raise UserError("window", "is out of range", "use 16 to 4096 pixels and a share between 0 and 1")

    def label(self, left: int, top: int, faces: Sequence[MarkedFace]) -> Label:
        """Return what the window at (`left`, `top`) shows; of an ambiguous one what its largest face lacks."""
        near = [face for face in faces if self._touches(left, top, face)]
        if not near:
            return "none"
        if any(self.fault(left, top, face) is None for face in near):
            return "face"
        largest = max(near, key=lambda face: face.box[2] * face.box[3])
        return self.fault(left, top, largest) or "face"

    def fault(self, left: int, top: int, face: MarkedFace) -> Label | None:
        """Return why `face` is not clear in the window at (`left`, `top`); None where it is."""
        x, y, width, height = face.box
        if face.invalid:
            return "invalid"
        if x < left or y < top or x + width > left + self.side or y + height > top + self.side:
            return "partial"
        if min(width, height) < self.smallest * self.side:
            return "tiny"
        if face.blur >= _HEAVY:
            return "blurred"
        return "occluded" if face.occlusion >= _HEAVY else None

    def _touches(self, left: int, top: int, face: MarkedFace) -> bool:
        x, y, width, height = face.box
        inside_across = x < left + self.side and x + width > left
        return inside_across and y < top + self.side and y + height > top

    def largest_face(self, left: int, top: int, faces: Sequence[MarkedFace]) -> float:
        """Return the shorter side of the largest clear face in the window as a share of its side; 0 for none."""
        clear = [min(face.box[2:]) for face in faces if self.fault(left, top, face) is None]
        return max(clear, default=0.0) / self.side
