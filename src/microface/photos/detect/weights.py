"""MTCNN's published weights (MIT licence), read from the data files of the `mtcnn` package.

The package itself is never imported, since its code wants TensorFlow. The files are lists of float32 arrays in
Keras' order and layout: convolutions [KH, KW, I, O], dense [I, O], each followed by bias and PReLU slopes.
"""

import hashlib
import importlib.util
from pathlib import Path

import joblib
import numpy as np

from microface.errors import UserError

NETS = ("pnet", "rnet", "onet")


def weight_file(net: str) -> Path:
    """Return the path of the weights of `net`; a missing `mtcnn` package is a `UserError`."""
    spec = importlib.util.find_spec("mtcnn")
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders or [""]))) / "assets" / "weights" / f"{net}.lz4"
    if not path.is_file():
        raise UserError("mtcnn", "the package with the detector's weights is not installed", "pip install mtcnn")
    return path


def load_weights(net: str) -> list[np.ndarray]:
    """Return the arrays of `net`."""
    return [np.asarray(array, np.float32) for array in joblib.load(weight_file(net))]


def weights_id() -> str:
    """Return the SHA-256 over the three weight files, as hex."""
    digest = hashlib.sha256()
    for net in NETS:
        digest.update(weight_file(net).read_bytes())
    return digest.hexdigest()
