"""Random changes to crops, in numpy and OpenCV on bytes: quick on few cores and a pure function of its generator."""

import cv2
import numpy as np

from microface.learn.train.config import Augmentation

_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def augmented(
    crops: np.ndarray, size: int, content: int, settings: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """Return uint8 [N, size, size, 3] from `crops` uint8 [N, H, W, 3], each changed at random.

    `content` is the side of the central square of the crop that fills the result when nothing is changed.
    """
    result = np.empty((len(crops), size, size, 3), np.uint8)
    for crop, target in zip(crops, result, strict=True):
        matrix = _matrix(crop.shape[0], size, content, settings, random)
        view = _softened(crop, settings, random)
        cv2.warpAffine(view, matrix, (size, size), target, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        _colour(target, settings, random)
    return result


def centred(crops: np.ndarray, size: int, content: int) -> np.ndarray:
    """Return uint8 [N, size, size, 3], the central `content` x `content` pixels of `crops`, unchanged otherwise."""
    first = (crops.shape[1] - content) // 2
    middle = crops[:, first : first + content, first : first + content]
    if size == content:
        return np.ascontiguousarray(middle)
    return np.stack([cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA) for crop in middle])


def _matrix(side: int, size: int, content: int, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return the 2 x 3 map from pixels of the result to pixels of the crop: mirror, roll, scale, shift."""
    angle = np.deg2rad(random.uniform(-settings.rotation, settings.rotation))
    scale = content / size * (1 + random.uniform(-settings.scale, settings.scale))
    mirror = -1.0 if random.random() < 0.5 else 1.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= mirror
    centre = (side - 1) / 2 + random.uniform(-settings.shift, settings.shift, 2) * content
    shift = centre - turn @ np.full(2, (size - 1) / 2)
    return np.hstack([turn, shift[:, None]])


def _softened(crop: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return `crop`, at times taken down and up again, as a distant face looks."""
    if random.random() >= settings.soften:
        return crop
    side = round(crop.shape[0] / random.uniform(1.2, 2.5))
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _colour(view: np.ndarray, settings: Augmentation, random: np.random.Generator) -> None:
    """Change contrast and brightness of `view` in place; at times make it grey."""
    gain = 1 + random.uniform(-settings.gain, settings.gain)
    offset = random.uniform(-settings.offset, settings.offset)
    table = np.clip((np.arange(256) - 128) * gain + 128 + offset, 0, 255).astype(np.uint8)
    if random.random() < settings.grey:
        view[:] = np.rint(view @ _GREY)[..., None]
    cv2.LUT(view, table, view)
