"""Random changes to crops, in numpy and OpenCV on bytes: quick on few cores and a pure function of its generator."""

import cv2
import numpy as np

from microface.learn.train.config import Augmentation
from microface.learn.train.schedule import Size, pair

_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def augmented(
    crops: np.ndarray, size: int | Size, content: int | Size, settings: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """Return uint8 [N, h, w, 3] of `size` (h, w) from `crops` uint8 [N, H, W, 3], each changed at random.

    `content` is (height, width) of the centre of the crop that fills the result when nothing is changed; one number
    is the side of a square.
    """
    height, width = pair(size)
    result = np.empty((len(crops), height, width, 3), np.uint8)
    for crop, target in zip(crops, result, strict=True):
        matrix = _matrix(crop.shape[:2], (height, width), pair(content), settings, random)
        view = _softened(crop, settings, random)
        cv2.warpAffine(view, matrix, (width, height), target, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        _colour(target, settings, random)
    return result


def centred(crops: np.ndarray, size: int | Size, content: int | Size) -> np.ndarray:
    """Return uint8 [N, h, w, 3] of `size`: the central `content` (height, width) of `crops`, unchanged otherwise."""
    (height, width), (rows, columns) = pair(size), pair(content)
    top, left = (crops.shape[1] - rows) // 2, (crops.shape[2] - columns) // 2
    middle = crops[:, top : top + rows, left : left + columns]
    if (height, width) == (rows, columns):
        return np.ascontiguousarray(middle)
    return np.stack([cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA) for crop in middle])


def _matrix(crop: Size, size: Size, content: Size, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return the 2 x 3 map from pixels (x, y) of the result to pixels of the crop: mirror, roll, scale, shift."""
    angle = np.deg2rad(random.uniform(-settings.rotation, settings.rotation))
    factor = 1 + random.uniform(-settings.scale, settings.scale)
    mirror = -1.0 if random.random() < settings.mirror else 1.0
    turn = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= mirror * content[1] / size[1]
    turn[:, 1] *= content[0] / size[0]
    shift = random.uniform(-settings.shift, settings.shift, 2) * np.array(content[::-1])
    centre = (np.array(crop[::-1]) - 1) / 2 + shift
    return np.hstack([turn, (centre - turn @ ((np.array(size[::-1]) - 1) / 2))[:, None]])


def _softened(crop: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return `crop`, at times taken down and up again, as a distant face looks."""
    if random.random() >= settings.soften:
        return crop
    factor = random.uniform(1.2, 2.5)
    sides = round(crop.shape[1] / factor), round(crop.shape[0] / factor)
    small = cv2.resize(crop, sides, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _colour(view: np.ndarray, settings: Augmentation, random: np.random.Generator) -> None:
    """Change contrast and brightness of `view` in place; at times make it grey."""
    gain = 1 + random.uniform(-settings.gain, settings.gain)
    offset = random.uniform(-settings.offset, settings.offset)
    table = np.clip((np.arange(256) - 128) * gain + 128 + offset, 0, 255).astype(np.uint8)
    if random.random() < settings.grey:
        view[:] = np.rint(view @ _GREY)[..., None]
    cv2.LUT(view, table, view)
