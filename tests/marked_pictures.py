"""A small tree in the layout of WIDER FACE, drawn: a face is a pale disc with two dark eyes on noise."""

from pathlib import Path

import cv2
import numpy as np

SIDE = 96
HEADER = "wider_face_split/wider_face_{part}_bbx_gt.txt"


def draw_collection(root: Path, pictures: int = 24, part: str = "train", seed: int = 0) -> Path:
    """Write `pictures` of 96 x 160 with one face of 20 to 30 pixels each, and their table; return `root`."""
    random = np.random.default_rng(seed)
    lines = []
    for number in range(pictures):
        name = f"0--Drawn/{part}_{number}.png"
        box = _picture(root / f"WIDER_{part}/images" / name, random)
        lines += [name, "1", " ".join(map(str, [*box, 0, 0, 0, 0, 0, 0]))]
    table = root / HEADER.format(part=part)
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join(lines) + "\n")
    return root


def _picture(path: Path, random: np.random.Generator) -> tuple[int, int, int, int]:
    pixels = random.integers(0, 120, (SIDE // 8, 20, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    width = int(random.integers(20, 31))
    left, top = int(random.integers(0, 160 - width)), int(random.integers(0, SIDE - width))
    centre, half = (left + width // 2, top + width // 2), width // 2
    cv2.circle(pixels, centre, half - 1, (225, 225, 225), -1)
    for side in (-1, 1):
        cv2.circle(pixels, (centre[0] + side * half // 2, centre[1] - half // 4), 2, (0, 0, 0), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return left, top, width, width
