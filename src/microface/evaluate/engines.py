"""Engines: what turns crops into embeddings. `integer` is what ships; `float` and `teacher` stand beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
import onnx
import onnxruntime

from microface import models
from microface.chip.devices.host import HostDevice
from microface.console import progress
from microface.errors import UserError
from microface.evaluate.copies import Copy
from microface.evaluate.crops import CropName, crops_of_files
from microface.models import ModelPackage
from microface.network.inputs.mapping import SCALE, map_bytes
from microface.network.scores import Score, ScoreName
from microface.photos.crop import TEACHER_VIEW
from microface.photos.preprocess import Preprocess
from microface.photos.sessions import session
from microface.photos.teacher import Teacher

EngineName = Literal["integer", "float", "teacher"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
BATCH = 64


class Embeds(Protocol):
    """Something that embeds crops."""

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings [N, D] of the uint8 RGB crops [N, H, W, 3]."""
        ...


@dataclass(frozen=True)
class Engine:
    """An embedder with its crop, its score and the names that a report gives it."""

    name: EngineName
    network: str
    model_id: str
    preprocess: Preprocess
    score: Score
    embedder: Embeds

    def embed(self, crops: np.ndarray, what: str = "embedding") -> np.ndarray:
        """Return the embeddings [N, D] of `crops`, under a progress bar named `what`."""
        parts = []
        with progress() as bar:
            task = bar.add_task(what, total=len(crops))
            for start in range(0, len(crops), BATCH):
                parts.append(self.embedder.embed(np.ascontiguousarray(crops[start : start + BATCH])))
                bar.advance(task, len(parts[-1]))
        return np.concatenate(parts)

    def centred(self, crops: np.ndarray, mirror: bool = False) -> np.ndarray:
        """Return what scores compare, x' [N, D]; with `mirror` the sum over each crop and its mirror image."""
        plain = self.embed(crops)
        mirrored = self.embed(crops[:, :, ::-1], "embedding mirrored") if mirror else None
        return self.score.centred(plain, mirrored)


def embed_files(
    engine: Engine,
    root: Path,
    files: Sequence[str],
    crop: CropName = "aligned",
    copy: Copy | None = None,
    rows: Sequence[int] | None = None,
) -> np.ndarray:
    """Return x' [F, D] of `files` below `root`, cropped as `crops_of_files` does; with `rows` of those alone."""
    crops, _ = crops_of_files(root, files, engine.preprocess, crop, copy, rows)
    return engine.centred(crops)


@dataclass(frozen=True)
class FloatNetwork:
    """The float network beside a package, on onnxruntime: real input (byte - 128) / 128, NCHW or NHWC."""

    session: onnxruntime.InferenceSession

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings float32 [N, D] of the uint8 RGB crops [N, H, W, 3]."""
        source = self.session.get_inputs()[0]
        values = map_bytes(crops).astype(np.float32) * np.float32(SCALE)
        if source.shape[-1] != 3:
            values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        return np.asarray(self.session.run(None, {source.name: values})[0], np.float32).reshape(len(crops), -1)


def open_engine(
    name: EngineName,
    network: str | ModelPackage,
    score: ScoreName | None = None,
    teacher: Path | None = None,
    threads: int = 1,
) -> Engine:
    """Return the engine `name` of the package `network`; `score` overrules the package's own."""
    if name == "teacher":
        return _teacher(teacher, score, threads)
    package = network if isinstance(network, ModelPackage) else models.load(network)
    chosen = score or package.score
    if name == "integer":
        return _integer(package, chosen, threads)
    if name == "float":
        if isinstance(network, ModelPackage):
            raise UserError(network.name, "has no float network beside it", "use --engine integer")
        return _float(network, package, chosen, threads)
    raise UserError(name, "is not an engine", f"choose one of {', '.join(ENGINES)}")


def _integer(package: ModelPackage, score: ScoreName, threads: int) -> Engine:
    measure = Score(score, package.network.output.zero_point)
    device = HostDevice(package, threads)
    return Engine("integer", package.name, package.model_id, package.preprocess, measure, device)


def _float(network: str, package: ModelPackage, score: ScoreName, threads: int) -> Engine:
    path = models.float_network(network)
    embedder = FloatNetwork(_session(path, threads))
    return Engine("float", package.name, package.model_id, package.preprocess, Score(score), embedder)


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    try:
        return session(onnx.load(path), threads)
    except Exception as error:  # onnx and onnxruntime raise many kinds, all of them mean the same to a user
        raise UserError(path, "is not an ONNX network that can be run", "give the file beside the package") from error


def _teacher(path: Path | None, score: ScoreName | None, threads: int) -> Engine:
    if path is None:
        raise UserError("--engine teacher", "needs the teacher's network", "add --teacher FILE.onnx")
    network = Teacher(path, threads)
    measure = Score(score or "cosine")
    return Engine("teacher", path.name, network.sha256, TEACHER_VIEW, measure, network)
