"""The teacher: a large published network whose embeddings the small ones learn."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from microface.errors import UserError
from microface.files import read_bytes
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

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return int(self._session.get_outputs()[0].shape[-1])

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings float32 [N, D] of the uint8 RGB crops [N, 112, 112, 3]."""
        parts = [self._run(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), np.float32)

    def _run(self, crops: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        planes -= 127.5
        planes /= 127.5
        return np.asarray(self._session.run(None, {self._input: planes})[0], np.float32)


def _session(path: Path, content: bytes, threads: int) -> onnxruntime.InferenceSession:
    try:
        return session(quickened(onnx.load_from_string(content)), threads)
    except Exception as error:  # onnx and onnxruntime raise many kinds, all of them mean the same to a user
        raise UserError(path, "is not an ONNX network that can be run", "give the teacher's .onnx file") from error
