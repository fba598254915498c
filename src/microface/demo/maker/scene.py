"""What is behind a person, and what a camera adds."""

import cv2
import numpy as np

from microface.demo.maker.canvas import blur


def background(generator: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return a room out of focus, float32 [height, width, 3]: a wall, boxes and balls of near colours, blurred."""
    base = generator.uniform(60, 200) + generator.normal(0, 8, 3)
    top = base + generator.normal(0, 20) + generator.normal(0, 5, 3)
    share = np.linspace(0, 1, height)[:, None, None]
    room = np.broadcast_to(base * share + top * (1 - share), (height, width, 3)).astype(np.float32).copy()
    for _ in range(generator.integers(3, 9)):
        _thing(room, base, generator)
    return np.clip(blur(room, float(generator.uniform(4, 14))), 10, 245)


def _thing(room: np.ndarray, base: np.ndarray, generator: np.random.Generator) -> None:
    left, top = (int(v) for v in generator.integers((-60, -60), (room.shape[1] - 20, room.shape[0] - 20)))
    width, height = (int(v) for v in generator.integers((20, 30), (160, 220)))
    colour = (base + generator.normal(0, 32) + generator.normal(0, 9, 3)).tolist()
    if generator.random() < 0.6:
        cv2.rectangle(room, (left, top), (left + width, top + height), colour, -1)
    else:
        angle = float(generator.uniform(0, 180))
        cv2.ellipse(room, (left, top), (width // 2, height // 2), angle, 0, 360, colour, -1)


def developed(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the float `picture` as a camera would give it: white balance, contrast, noise; uint8."""
    balanced = picture * np.exp(generator.normal(0, (0.025, 0.01, 0.03)))
    toned = 255 * (np.clip(balanced, 0, 255) / 255) ** np.exp(generator.normal(0, 0.12))
    shape = picture.shape
    grain = blur(generator.standard_normal(shape[:2]), 0.6)[..., None] * 3 + generator.standard_normal(shape)
    return np.asarray(np.clip(np.rint(toned + grain), 0, 255), np.uint8)
