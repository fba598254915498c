"""From a run's folder to a `.mface` file and the float network beside it: the whole of `microface quantize`."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from microface.errors import UserError
from microface.learn.package import (
    Trained,
    embed_integers,
    float_inputs,
    inputs_of,
    load_trained,
    make_package,
    statistics_of,
    verify,
)
from microface.learn.quant.calibrate import Affine, observe, quantisations
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.lower import lower
from microface.learn.quant.onnx_file import OnnxNetwork, save_onnx, to_onnx
from microface.learn.quant.sharpen import SharpenOptions, sharpen
from microface.learn.quant.tune import TuneOptions, tuned
from microface.learn.quant.whiten import sample_of, whiten
from microface.learn.train.data import Photos, open_photos
from microface.learn.train.validate import Check, check
from microface.models.card import ModelCard
from microface.models.package import ModelPackage
from microface.models.package import Score as ScoreName
from microface.network.scores import Score

Method = Literal["ptq", "qat"]
_WHITEN_PHOTOS = 30_000
_HALF_LOSS = 0.005
"""Largest loss of held-out true-accept rate that 16-bit float weights may cause."""


@dataclass(frozen=True)
class QuantiseOptions:
    """How to quantise: method, way to calibrate, photos for it, steps of quantisation-aware training, score."""

    method: Method = "qat"
    calibration: str = "mse"
    photos: int = 512
    steps: int = 600
    score: ScoreName = "cosine"
    size: int = 256
    """Values of the whitened embedding; 0 keeps the embedding as it was trained."""


@dataclass(frozen=True)
class Quantised:
    """What came of it: the package and the held-out checks of the float and of the integer network."""

    package: ModelPackage
    before: Check
    after: Check

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON-able dictionary."""
        network = self.package.network
        return {
            "name": self.package.name, "model_id": self.package.model_id, "macs": network.macs,
            "constant_bytes": network.constant_bytes, "float": asdict(self.before), "integer": asdict(self.after),
        }  # fmt: skip


def quantise(run: Path, output: Path, name: str, card: ModelCard, options: QuantiseOptions) -> Quantised:
    """Quantise the run in the folder `run` and write `output` (.mface) and the float ONNX file beside it."""
    if output.suffix != ".mface":
        raise UserError(output, "is not a name for a model package", "let it end in .mface")
    trained = load_trained(run, name)
    training, held_out = open_photos(Path(trained.config.data), trained.graph.output.shape[0])
    trained = _whitened(trained, training, options.size)
    wanted = _checked_onnx(trained, held_out)
    graph, affine = quantised_graph(trained, training, options, run)
    network = lower(graph, affine)
    verify(network, graph, affine, held_out, trained.resolution)
    embeddings = embed_integers(graph, affine, held_out, trained.resolution)
    statistics = statistics_of(embeddings, held_out, Score(options.score, network.output.zero_point))
    package = make_package(name, network, options.score, card, statistics)
    save_onnx(trained.graph, output.with_name(f"{output.stem}.float.onnx"))
    package.save(output)
    after = check(embeddings.astype(np.float32), held_out, wanted)
    return Quantised(package, check(wanted, held_out, wanted), after)


def _whitened(trained: Trained, photos: Photos, size: int) -> Trained:
    """Return the run with its embedding whitened to `size` values (0: as it was trained)."""
    if size == 0:
        return trained
    size = min(size, trained.graph.output.shape[0])
    rows = sample_of(photos, _WHITEN_PHOTOS, trained.config.seed)
    sample = photos.only(rows)
    embeddings = _embedded(trained.graph, sample, trained.resolution)
    graph, whitened = whiten(trained.graph, embeddings, sample, size)
    return replace(trained, graph=sharpen(graph, whitened, sample, SharpenOptions()))


def _embedded(graph: FloatGraph, photos: Photos, resolution: int) -> np.ndarray:
    """Return the embeddings of `photos` by the float network with its 16-bit weights."""
    network = OnnxNetwork(to_onnx(graph))
    parts = np.array_split(np.arange(len(photos)), max(1, len(photos) // 64))
    inputs = (inputs_of(photos, part, resolution).transpose(0, 3, 1, 2) for part in parts)
    return np.concatenate([network.embed(x.astype(np.float32) / 128) for x in inputs])


def quantised_graph(
    trained: Trained, training: Photos, options: QuantiseOptions, run: Path
) -> tuple[FloatGraph, dict[str, Affine]]:
    """Return the graph and the quantisations that are to be lowered, by the method of `options`."""
    rows = np.random.default_rng(trained.config.seed).permutation(len(training))[: options.photos]
    batches = float_inputs(training, rows, trained.resolution)
    affine = quantisations(trained.graph, observe(trained.graph, batches), options.calibration)
    if options.method == "ptq":
        return trained.graph, affine
    return tuned((trained.graph, affine), trained.config, TuneOptions(options.steps), run)


def _checked_onnx(trained: Trained, photos: Photos) -> np.ndarray:
    """Return the embeddings of `photos` by the ONNX file's network; fail where 16-bit weights cost accuracy."""
    x = float_inputs(photos, np.arange(len(photos)), trained.resolution)
    halved = _embedded(trained.graph, photos, trained.resolution)
    whole = np.concatenate([_embed(trained.graph, part.numpy()) for part in x])
    if check(whole, photos, whole).goal - check(halved, photos, whole).goal > _HALF_LOSS:
        raise UserError(trained.graph.name, "loses accuracy with 16-bit weights", "train with more weight decay")
    return halved


def _embed(graph: FloatGraph, x: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return execute(graph, torch.from_numpy(x), weights_of(graph), lambda _name, value: value).numpy()
