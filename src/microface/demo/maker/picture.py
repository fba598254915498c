"""Pictures of a person: pose, expression, light, background and camera differ from one to the next."""

from dataclasses import dataclass

import numpy as np

from microface.demo.maker.canvas import HEIGHT, WIDTH, blur, inverse, oval, sample
from microface.demo.maker.model import FaceModel
from microface.demo.maker.person import Person
from microface.demo.maker.pose import Pose, shading
from microface.demo.maker.scene import background, developed

PICTURE_WIDTH, PICTURE_HEIGHT = 240, 320
_INNER = oval(106, 40, 49, 10)[..., None]
_EDGE, _EDGE_STEEPNESS = 0.6, 11.0
"""Mean opacity of donors at which hair ends (above a half, since their own edges hold some background)."""
_SHARPENING, _SHARPENING_RADIUS = 0.9, 1.6
_SKIN_GRAIN = 1.2
_CAST = 0.75
"""Share of the model's changes of the whole face's colour within a person that is left out: most of it is light."""


@dataclass(frozen=True)
class Variety:
    """How much pictures of one person differ.

    `within` scales the model's differences within a person (expression, light), `yaw` and `pitch` are degrees
    (uniform to both sides; deviation), `light` the strength of light from a side, `asymmetry` 0..1 how much of the
    model's asymmetries is kept.
    """

    within: float = 0.35
    yaw: float = 14.0
    pitch: float = 4.0
    roll: float = 3.0
    light: float = 0.4
    asymmetry: float = 0.25


def picture(model: FaceModel, person: Person, variety: Variety, generator: np.random.Generator) -> np.ndarray:
    """Return one picture of `person`, uint8 [320, 240, 3]."""
    point = person.point + variety.within * (model.within @ generator.standard_normal(model.within.shape[1]))
    head = _head(model, person, point, variety)
    head *= shading(generator.uniform(0, 2 * np.pi), generator.uniform(0.3, 1) * variety.light)[..., None]
    x, y = _pose(variety, generator).sources(PICTURE_WIDTH, PICTURE_HEIGHT)
    moved = sample(inverse(model.flow(point, variety.asymmetry)), x, y)
    x, y = x + moved[..., 0], y + moved[..., 1]
    opacity = 1 / (1 + np.exp(_EDGE_STEEPNESS * (_EDGE - sample(person.opacity, x, y)[..., None])))
    shown = _sharpened(sample(head, x, y, cubic=True)) + _skin_grain(person, x, y)
    behind = background(generator, PICTURE_WIDTH, PICTURE_HEIGHT)
    return developed(shown * opacity + behind * (1 - opacity), generator)


def _head(model: FaceModel, person: Person, point: np.ndarray, variety: Variety) -> np.ndarray:
    """Return the head [H, W, 3] of `person` with the face of `point`, the skin around it in the same tone."""
    added = _even(model.picture(person.point - person.head_point), variety.asymmetry)
    change = _even(model.picture(point - person.point), variety.asymmetry)
    added += change - _CAST * (change * _INNER).sum(axis=(0, 1)) / _INNER.sum()
    spread = blur(added * _INNER, 14) / np.maximum(blur(_INNER[..., 0], 14), 1e-3)[..., None]
    return np.asarray(person.head + _INNER * added + (1 - _INNER) * _skin(person.head) * spread, np.float32)


def _even(added: np.ndarray, asymmetry: float) -> np.ndarray:
    even = (added + added[:, ::-1]) / 2
    return np.asarray(even + asymmetry * (added - even))


def _skin(head: np.ndarray) -> np.ndarray:
    """Return how much each place [H, W, 1] has the colour of the middle of the face, 0..1."""
    colour = head[80:150, 50:94].reshape(-1, 3).mean(axis=0)
    distance = (((head - colour) / (48, 40, 40)) ** 2).sum(axis=2, keepdims=True)
    return np.asarray(np.exp(-distance / 2))


def _pose(variety: Variety, generator: np.random.Generator) -> Pose:
    yaw, pitch, roll = np.deg2rad(
        [generator.uniform(-1, 1) * variety.yaw, *(generator.standard_normal(2) * (variety.pitch, variety.roll))]
    )
    return Pose(yaw, pitch, roll, generator.uniform(1.0, 1.1), generator.uniform(-3, 3))


def _sharpened(shown: np.ndarray) -> np.ndarray:
    return shown + _SHARPENING * (shown - blur(shown, _SHARPENING_RADIUS))


def _skin_grain(person: Person, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return fine unevenness [.., .., 1] that moves with the head and is the same in all pictures of a person."""
    noise = np.random.default_rng(person.grain).standard_normal((HEIGHT * 2, WIDTH * 2)).astype(np.float32)
    smooth = blur(noise, 1.2)
    return _SKIN_GRAIN * sample(smooth / smooth.std(), x * 2, y * 2)[..., None]
