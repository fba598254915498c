"""A trained run becomes a model package: quantised, checked to the bit, with its statistics on held-out people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from microface.chip.devices.host import HostDevice
from microface.errors import UserError
from microface.learn import nets
from microface.learn.quant.calibrate import Affine
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.learn.train import checkpoint
from microface.learn.train.augment import centred
from microface.learn.train.config import TrainConfig, config_of_run
from microface.learn.train.data import Photos
from microface.metrics.trials import measure_visits
from microface.metrics.visits import VisitStatistics
from microface.models.card import ModelCard
from microface.models.package import ModelPackage
from microface.models.package import Score as ScoreName
from microface.network import IntegerNetwork
from microface.network.inputs.mapping import map_bytes
from microface.network.scores import Score
from microface.photos.dataset import Dataset
from microface.photos.preprocess import Preprocess

Size = tuple[int, int]
"""Height and width in pixels."""
Run = Callable[[np.ndarray], np.ndarray]
"""Gives the network's integers [N, h, w, c] for s8 inputs [N, H, W, C]."""
_BATCH = 64
_CHECKED = 16
_COMPILED_FROM = 5_000_000_000
"""Multiply-accumulates from which compiling a network takes less time than simulating it."""
LEAST_PEOPLE = 20
"""Statistics of fewer held-out people say nothing about strangers."""


@dataclass(frozen=True)
class Trained:
    """A finished run: its config, (height, width) of what it reads, and its best averaged weights as a folded graph."""

    config: TrainConfig
    size: Size
    graph: FloatGraph


def load_trained(run: Path, name: str, data: str = "") -> Trained:
    """Read the run in the folder `run`; its graph is called `name`, its data set lies in `data` now where that is told.

    Weights that do not fit, or a data set whose crops have another shape than the network's input, are a `UserError`.
    """
    config = config_of_run(run, data)
    options = nets.options_of(config.net, config.options)
    Dataset.open(Path(config.data), verify=False).require_read_by(options.input_size)
    network = nets.build(config.net, options)
    content = checkpoint.load(run / "best.pt")
    try:
        network.load_state_dict(content["network"])
    except (RuntimeError, KeyError) as error:
        raise UserError(run / "best.pt", f"does not fit the network {config.net}", "train it anew") from error
    return Trained(config, options.input_size, trace(network, options.input_size, name))


def run_steps(run: Path) -> int:
    """Return how many steps the run in the folder `run` has been trained for."""
    try:
        return int(json.loads((run / "history.json").read_bytes())[-1]["step"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(run, "does not say how many steps it had", "give --steps") from error


def share_of(run: Path) -> float:
    """Return the share 0..1 of the run in the folder `run` that was done when it was measured last.

    1 where it is not told, and where `patience` may have ended the run early.
    """
    try:
        history = json.loads((run / "history.json").read_bytes())
        return 1.0 if config_of_run(run).patience else float(history[-1]["share"])
    except (OSError, ValueError, LookupError, TypeError, UserError):
        return 1.0


def inputs_of(photos: Photos, rows: np.ndarray, size: Size) -> np.ndarray:
    """Return int8 [n, H, W, 3], what the integer network reads of `rows` of `photos`."""
    return map_bytes(centred(photos.crops(rows), size, photos.content))


def embed_integers(network: IntegerNetwork, simulated: Run, photos: Photos, size: Size) -> np.ndarray:
    """Return the integer embeddings [N, D] of all `photos` by `network`.

    By `simulated`, or, where that would take longer than a compiler, by the host library, which gives the same bits.
    """
    compiled = len(photos) * network.macs > _COMPILED_FROM
    run = HostDevice(network, threads=torch.get_num_threads()).run if compiled else simulated
    parts = np.array_split(np.arange(len(photos)), max(1, -(-len(photos) // _BATCH)))
    return np.concatenate([run(inputs_of(photos, part, size))[:, 0, 0] for part in parts])


def verify(
    network: IntegerNetwork, graph: FloatGraph, quantisations: Mapping[str, Affine], photos: Photos, size: Size
) -> None:
    """Compare `simulate` with the integer network on every value of a few photos; a difference is an error."""
    rows = np.arange(min(_CHECKED, len(photos)))
    wrong = differences(network, graph, quantisations, inputs_of(photos, rows, size))
    if wrong:
        name, count = next(iter(wrong.items()))
        raise AssertionError(f"lowering is wrong: {count} integers of {name} differ from the simulation")


def statistics_of(embeddings: np.ndarray, photos: Photos, score: Score) -> VisitStatistics | None:
    """Return the visit statistics of integer `embeddings` [N, D] of held-out `photos`; None for too few people."""
    named = photos.people >= 0
    _, owners = np.unique(photos.people[named], return_inverse=True)
    if owners.size == 0 or owners.max() + 1 < LEAST_PEOPLE:
        return None
    prepared = score.centred(embeddings[named])
    return measure_visits(prepared, owners, score.distances)


def make_package(
    name: str,
    network: IntegerNetwork,
    score: ScoreName,
    card: ModelCard,
    statistics: VisitStatistics | None,
    crop: Preprocess,
) -> ModelPackage:
    """Return the package of `network`, trained on crops by `crop`, of which it reads the centre in its own size."""
    preprocess = read_by(crop, network.input.shape[:2])
    return ModelPackage(name, network, preprocess, score, card, statistics)


def read_by(crop: Preprocess, size: Size) -> Preprocess:
    """Return the crop without margin that a network of `size` (height, width) reads when trained on `crop`."""
    scale = size[1] / crop.content[1]
    return replace(crop, width=size[1], height=size[0], eye_distance=crop.eye_distance * scale, margin=0)


def float_inputs(photos: Photos, rows: np.ndarray, size: Size) -> list[torch.Tensor]:
    """Return float inputs [n, 3, H, W] of `rows` of `photos`, in batches."""
    parts = np.array_split(rows, max(1, -(-len(rows) // _BATCH)))
    crops = [inputs_of(photos, part, size) for part in parts]
    return [torch.from_numpy(part).permute(0, 3, 1, 2).float() / 128 for part in crops]
