"""A drawn face that the detector takes for one: tests need no photo of anybody."""

import cv2
import numpy as np


def drawn_face(width: int = 240, height: int = 240, eyes: float = 44.0, seed: int = 0) -> np.ndarray:
    """Return an RGB picture uint8 [height, width, 3] with one face in the middle, `eyes` pixels between its eyes."""
    random = np.random.default_rng(seed)
    scale = 2 * eyes / 44
    size = (2 * width, 2 * height)
    picture = np.full((size[1], size[0], 3), (96, 110, 128), np.uint8)
    tone = np.array([208, 164, 140]) + random.integers(-24, 12, 3)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(size[0] / 2 + x * scale), round(size[1] / 2 + y * scale)

    def oval(x: float, y: float, w: float, h: float, colour: object, angle: float = 0.0) -> None:
        axes = (round(w * scale), round(h * scale))
        cv2.ellipse(picture, at(x, y), axes, angle, 0, 360, tuple(map(int, colour)), -1, cv2.LINE_AA)

    shade = tone * 0.8
    oval(0, -14, 52, 62, (48, 36, 30))
    oval(0, 70, 24, 40, shade)
    oval(0, 4, 45, 58, tone)
    oval(0, 50, 26, 10, tone * 0.93)
    for side in (-1, 1):
        oval(22 * side, -9, 13, 8, shade)
        oval(22 * side, -21, 13, 2.6, (52, 38, 30), 6 * side)
        oval(22 * side, -8, 9.5, 4.6, (238, 234, 230))
        oval(22 * side, -8, 4.4, 4.4, (60, 40, 30))
        oval(22 * side, -8, 2, 2, (12, 10, 10))
        oval(5 * side, 17, 3.4, 2.2, tone * 0.5)
    oval(0, 4, 4, 14, tone * 1.04)
    oval(0, 15, 8, 5, tone * 0.95)
    oval(0, 33, 17, 5.5, (172, 84, 84))
    oval(0, 32.5, 16, 1.2, (110, 44, 48))
    soft = cv2.GaussianBlur(picture, (0, 0), 1.3 * scale)
    noise = random.normal(0, 3, (height, width, 3))
    small = cv2.resize(soft, (width, height), interpolation=cv2.INTER_AREA)
    return np.clip(small + noise, 0, 255).astype(np.uint8)
