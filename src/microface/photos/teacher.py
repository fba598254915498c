"""The teacher: a large published network whose embeddings the small ones learn."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from microface.errors import UserError
from microface.files import read_bytes
from microface.photos.align import TEMPLATE_SIZE
from microface.photos.sessions import quickened, session

_BATCH = 4


class Teacher:
    """An ONNX network that embeds aligned faces of 112 x 112.

    Input [N, 3, 112, 112] float32 RGB, (byte - 127.5) / 127.5; output [N, D], not normalised.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        content = read_bytes(path)
        self.path, self.sha256 = path, hashlib.sha256(content).hexdigest()
        self._session = _session(path, content, threads)
        self._input = self._session.get_inputs()[0].name
        self._together = self._checked()

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return int(self._session.get_outputs()[0].shape[-1])

    def _checked(self) -> int:
        """Return how many crops the network takes at once; another shape of input or output is a `UserError`."""
        mend = "give a network from N x 3 x 112 x 112 to N x D"
        taken, given = (ends[0].shape for ends in (self._session.get_inputs(), self._session.get_outputs()))
        wanted = (3, TEMPLATE_SIZE, TEMPLATE_SIZE)
        fits = len(taken) == 4 and all(h == w or not isinstance(h, int) for h, w in zip(taken[1:], wanted, strict=True))
        if not fits or len(self._session.get_inputs()) != 1:
            raise UserError(self.path, f"takes {_shown(taken)}", mend)
        if len(given) != 2 or not isinstance(given[-1], int):
            raise UserError(self.path, f"gives {_shown(given)}", mend)
        if isinstance(taken[0], int) and taken[0] != 1:
            raise UserError(self.path, f"takes exactly {taken[0]} faces at once", mend)
        return 1 if taken[0] == 1 else _BATCH

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings float32 [N, D] of the uint8 RGB crops [N, 112, 112, 3]."""
        parts = [self._run(crops[start : start + self._together]) for start in range(0, len(crops), self._together)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), np.float32)

    def _run(self, crops: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        planes -= 127.5
        planes /= 127.5
        return np.asarray(self._session.run(None, {self._input: planes})[0], np.float32)


def _shown(shape: list[Any]) -> str:
    return " x ".join(str(side) if isinstance(side, int) else "N" for side in shape) or "nothing"


def _session(path: Path, content: bytes, threads: int) -> onnxruntime.InferenceSession:
    try:
        return session(quickened(onnx.load_from_string(content)), threads)
    except Exception as error:  # onnx and onnxruntime raise many kinds, all of them mean the same to a user
        raise UserError(path, "is not an ONNX network that can be run", "give the teacher's .onnx file") from error
