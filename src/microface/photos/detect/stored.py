"""The detector's networks as ONNX files, built once into the user's cache folder."""

import functools
from pathlib import Path

import onnx
import onnxruntime
import platformdirs

from microface.errors import UserError
from microface.files import write_bytes
from microface.photos.detect.nets import build
from microface.photos.detect.weights import NETS, weights_id
from microface.photos.sessions import quickened, session

FORMAT = 1
"""Counts changes of the graphs, so that an older cache is not used."""


def cache_folder() -> Path:
    """Return the folder of things that can be made again."""
    return Path(platformdirs.user_cache_dir("microface"))


@functools.cache
def detector_id() -> str:
    """Return a name for this version of the detector: format and weights."""
    return f"mtcnn-{FORMAT}-{weights_id()[:12]}"


def load_session(net: str, threads: int) -> onnxruntime.InferenceSession:
    """Return a session of `net`, whose ONNX file is built first where the cache lacks it."""
    if net not in NETS:
        raise UserError(net, "is not a network of the detector", f"use {', '.join(NETS)}")
    return session(_model(net), threads)


def _model(net: str) -> onnx.ModelProto:
    path = cache_folder() / "detector" / detector_id() / f"{net}.onnx"
    try:
        model = onnx.load_from_string(path.read_bytes())
        onnx.checker.check_model(model)
        return model
    except Exception:  # absent or damaged: it is made again
        return _built(net, path)


def _built(net: str, path: Path) -> onnx.ModelProto:
    model = quickened(build(net))
    try:
        write_bytes(path, model.SerializeToString())
    except UserError:  # a cache that cannot be written costs time, nothing else
        return model
    return model
