"""How a photo becomes the crop that a network reads; the same in training, enrolment, evaluation and on the chip."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from microface.errors import UserError
from microface.photos.align import TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE

Geometry = Literal["aligned", "loose"]
Border = Literal["black", "replicate"]
Light = Literal["none", "spread"]
Mapping = Literal["minus_128"]
_CHOICES: dict[str, tuple[str, ...]] = {
    "geometry": ("aligned", "loose"),
    "border": ("black", "replicate"),
    "light": ("none", "spread"),
    "mapping": ("minus_128",),
}
LOOSE_EYE_DISTANCE = 40.0


@dataclass(frozen=True)
class Preprocess:
    """Geometry and tones of a crop.

    `aligned`: five landmarks go by a similarity to the template, scaled to `eye_distance` pixels between the eyes
    and centred in `width` x `height`. `loose`: upright, placed by the detector's box alone, so that an average
    face has `eye_distance`. `border` fills what lies outside the photo, `light` names the correction of
    `network/inputs/light.py`, `mapping` the way of bytes to input integers (`minus_128`: s8 = byte - 128).
    `margin`: how many pixels on each side are no part of what a network reads. Files of older releases do not say:
    then it follows from the scale, and is None where that gives no such number.
    """

    geometry: Geometry
    width: int
    height: int
    eye_distance: float
    border: Border = "black"
    light: Light = "none"
    mapping: Mapping = "minus_128"
    margin: int | None = None

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            given = getattr(self, name)
            if given not in allowed:
                raise UserError(f"preprocess {name}", f"{given!r} is unknown", f"use {' or '.join(allowed)}")
        if not (8 <= self.width <= 1024 and 8 <= self.height <= 1024 and 1 <= self.eye_distance <= 1024):
            raise UserError("preprocess size", "is out of range", "use 8 to 1024 pixels")
        if self.margin is None:
            object.__setattr__(self, "margin", self._margin_by_scale())
        elif not isinstance(self.margin, int) or not 0 <= 2 * self.margin <= min(self.size) - 8:
            raise UserError(f"preprocess margin {self.margin}", "is out of range", "leave 8 pixels or more within it")

    @classmethod
    def aligned(cls, size: int, margin: int = 0, light: Light = "none") -> Self:
        """Return the aligned crop of a `size` x `size` network, with `margin` more real pixels on each side."""
        inner = cls("aligned", size, size, TEMPLATE_EYE_DISTANCE * size / TEMPLATE_SIZE, light=light, margin=0)
        return inner.widened(margin)

    @classmethod
    def loose(cls, width: int = 120, height: int = 0, light: Light = "none") -> Self:
        """Return the loose crop: upright, from the detector's box only; height 0: four thirds of the width."""
        eyes = LOOSE_EYE_DISTANCE * width / 120
        return cls("loose", width, height or round(width * 4 / 3), eyes, light=light, margin=0)

    @property
    def by_boxes(self) -> Self:
        """The same crop, of the same scale, upright and placed by the detector's box alone."""
        return replace(self, geometry="loose")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the crop."""
        return self.height, self.width

    @property
    def content(self) -> tuple[int, int]:
        """(height, width) of the centre that a network reads; what lies around it is margin for augmentation.

        A margin changes width and height, never the scale.
        """
        if self.margin is None:
            return self._content_by_scale()
        return self.height - 2 * self.margin, self.width - 2 * self.margin

    def _content_by_scale(self) -> tuple[int, int]:
        """Return what older releases took for the content: a square when aligned, else four thirds as high as wide.

        An aligned crop of 112 x 112 has 35.24 pixels between the eyes, a loose one of 120 x 160 (w x h) has 40.
        """
        if self.geometry == "aligned":
            height = width = round(self.eye_distance * TEMPLATE_SIZE / TEMPLATE_EYE_DISTANCE)
        else:
            width = round(self.eye_distance * 120 / LOOSE_EYE_DISTANCE)
            height = round(width * 4 / 3)
        return min(height, self.height), min(width, self.width)

    def _margin_by_scale(self) -> int | None:
        """Return the margin around that content; None where it is not the same number on all sides."""
        around = {have - want for have, want in zip(self.size, self._content_by_scale(), strict=True)}
        twice = around.pop()
        return None if around or twice % 2 else twice // 2

    @property
    def inner(self) -> Self:
        """The same crop without its margin: what a network that is trained on such crops reads."""
        height, width = self.content
        return replace(self, height=height, width=width, margin=0)

    def widened(self, margin: int) -> Self:
        """Return the same crop with `margin` more pixels of the photo on each side."""
        whole = None if self.margin is None else self.margin + margin
        return replace(self, width=self.width + 2 * margin, height=self.height + 2 * margin, margin=whole)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; equal preprocesses give equal dictionaries.

        A margin that follows from the scale is left out, as older releases did: models and data sets keep their ids.
        """
        value = asdict(self)
        if self.margin == self._margin_by_scale():
            del value["margin"]
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` gave; an unknown or missing field is a `UserError`."""
        try:
            return cls(**value)
        except TypeError as error:
            raise UserError("preprocess", f"cannot be read ({error})", "make the file again") from error
