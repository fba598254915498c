"""From a run's folder to a `.mface` file and the float network beside it: the whole of `microface quantize`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from microface.console import tell
from microface.errors import UserError
from microface.learn.held_out import held_out_figures
from microface.learn.package import (
    Trained,
    float_inputs,
    inputs_of,
    load_trained,
    make_package,
    run_steps,
    share_of,
    verify,
)
from microface.learn.package import statistics_of as visit_statistics
from microface.learn.quant.bits import chosen, parse
from microface.learn.quant.calibrate import Quantisable, observe, quantisations
from microface.learn.quant.correct import equalised, mended
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.judge import Judge, Stage
from microface.learn.quant.lower import lower
from microface.learn.quant.onnx_file import OnnxNetwork, save_onnx, to_onnx
from microface.learn.quant.options import QuantiseOptions
from microface.learn.quant.sensitivity import LayerCost, costs, four_bit_losses
from microface.learn.quant.sharpen import SharpenOptions, sharpen
from microface.learn.quant.tune import Start, TuneOptions, steps_for, tuned
from microface.learn.quant.weights import with_steps
from microface.learn.quant.whiten import head_of, kept_size, sample_of, whiten
from microface.learn.train.data import Photos, open_photos
from microface.learn.train.validate import Check, check
from microface.models.card import ModelCard
from microface.models.package import ModelPackage
from microface.network import IntegerNetwork
from microface.network.scores import Score
from microface.photos.dataset import Dataset

_WHITEN_PHOTOS = 30_000
JUDGED = 400
"""Held-out photos by which layers are compared."""
_HALF_LOSS = 0.005
"""Largest loss of held-out true-accept rate that 16-bit float weights may cause."""


@dataclass(frozen=True)
class Quantised:
    """What came of it: the package, the stages on the way, the held-out photos that they were measured on."""

    package: ModelPackage
    stages: tuple[Stage, ...]
    held_out: Photos
    bits: dict[str, int]
    costs: tuple[LayerCost, ...] = ()
    """What rounding each layer to 8 bits costs, the dearest first; empty unless a report is wanted."""

    @property
    def before(self) -> Check:
        """The held-out figures of the float network that was quantised."""
        return next(stage.check for stage in reversed(self.stages) if not stage.bytes)

    @property
    def after(self) -> Check:
        """The held-out figures of the integer network that was packed."""
        return self.stages[-1].check

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON-able dictionary."""
        network = self.package.network
        stages = [{"stage": s.name, "constant_bytes": s.bytes, **asdict(s.check)} for s in self.stages]
        return {
            "name": self.package.name, "model_id": self.package.model_id, "macs": network.macs,
            "constant_bytes": network.constant_bytes, "weight_bits": self.bits, "float": asdict(self.before),
            "integer": asdict(self.after), "stages": stages, "layers": [asdict(cost) for cost in self.costs],
        }  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A run made ready for quantisation: with its projection, its data, and the stages so far."""

    trained: Trained
    training: Photos
    judge: Judge
    stages: tuple[Stage, ...]


def quantise(run: Path, output: Path, name: str, card: ModelCard, options: QuantiseOptions) -> Quantised:
    """Quantise the run in the folder `run` and write `output` (.mface) and the float ONNX file beside it."""
    if output.suffix != ".mface":
        raise UserError(output, "is not a name for a model package", "let it end in .mface")
    prepared = prepare(run, name, options, lambda graph: parse(options.bits, options.budget, graph))
    start = calibrated(prepared, options)
    quantisable, stages = rounded(prepared, options, run, output, start, prepared.judge.integers)
    network = lower(*quantisable)
    tell("comparing the integer network with its simulation")
    verify(network, *quantisable, prepared.judge.photos, prepared.trained.size)
    packed = pack(prepared, options, output, name, card, network, quantisable[0], stages)
    return replace(packed, costs=layer_costs(prepared, options)) if options.report else packed


def pack(
    prepared: Prepared,
    options: QuantiseOptions,
    output: Path,
    name: str,
    card: ModelCard,
    network: IntegerNetwork,
    graph: FloatGraph,
    stages: Sequence[Stage],
) -> Quantised:
    """Write the package of `network`, lowered from `graph`, to `output`, and the float network beside it."""
    trained, photos = prepared.trained, prepared.judge.photos
    score = Score(options.score, network.output.zero_point)
    statistics = visit_statistics(stages[-1].embeddings, photos, score)
    crop = Dataset.open(Path(trained.config.data), verify=False).manifest.preprocess
    card = card.measured(*held_out_figures(name, stages[-1].embeddings, photos, score))
    package = make_package(name, network, options.score, card, statistics, crop)
    save_onnx(trained.graph, output.with_name(f"{output.stem}.float.onnx"))
    package.save(output)
    return Quantised(package, (*prepared.stages, *stages), photos, {node.name: node.bits for node in graph.weighted()})


def prepare(run: Path, name: str, options: QuantiseOptions, required: Callable[[FloatGraph], object]) -> Prepared:
    """Read the run in the folder `run`, project its embedding, and judge the float network.

    `required` is asked first: it raises where the graph cannot be what the options want.
    """
    trained = load_trained(run, name, options.data)
    required(trained.graph)
    if share_of(run) < 1:
        tell(f"{run} is at {share_of(run):.0%} of its way: the best network so far is taken; train --resume goes on")
    training, held_out = open_photos(
        Path(trained.config.data), trained.graph.output.shape[0], trained.config.projection
    )
    tell(f"measuring the float network on {len(held_out):,} held-out photos")
    plain = _embedded(trained.graph, held_out, trained.size)
    projected = _projected(trained, training, options.size)
    wanted = _checked_onnx(projected, held_out)
    judge = Judge(held_out, trained.size, wanted)
    stages = [judge.floats("float, as trained", plain)]
    if projected is not trained:
        stages.append(judge.floats("float, whitened and sharpened", wanted))
    return Prepared(projected, training, judge, tuple(stages))


def _projected(trained: Trained, photos: Photos, size: int) -> Trained:
    """Return the run with its embedding whitened to `size` values (0: as it was trained) and sharpened."""
    if size == 0 or head_of(trained.graph) is None:
        return trained
    tell("whitening and sharpening the embedding")
    sample = photos.only(sample_of(photos, _WHITEN_PHOTOS, trained.config.seed))
    size = kept_size(size, trained.graph.output.shape[0], len(sample))
    embeddings = _embedded(trained.graph, sample, trained.size)
    graph, whitened = whiten(trained.graph, embeddings, sample, size)
    return replace(trained, graph=sharpen(graph, whitened, sample, SharpenOptions()))


def _embedded(graph: FloatGraph, photos: Photos, size: tuple[int, int]) -> np.ndarray:
    """Return the embeddings of `photos` by the float network with its 16-bit weights."""
    network = OnnxNetwork(to_onnx(graph))
    parts = np.array_split(np.arange(len(photos)), max(1, len(photos) // 64))
    inputs = (inputs_of(photos, part, size).transpose(0, 3, 1, 2) for part in parts)
    return np.concatenate([network.embed(x.astype(np.float32) / 128) for x in inputs])


def rounded(
    prepared: Prepared,
    options: QuantiseOptions,
    run: Path,
    output: Path,
    start: Start,
    judged: Callable[[str, Start], Stage],
) -> tuple[Start, list[Stage]]:
    """Return what is to be lowered, by the method of `options` from the calibrated `start`, and its stages.

    `judged` measures a named one; the stage of the result stands last.
    """
    stages, save = [judged("calibrated (ptq)", start)], output.with_name(f"{output.stem}.qat.pt")
    if options.method == "ptq":
        return start, stages
    steps = options.steps or steps_for(run_steps(run))
    if not options.resume:
        save.unlink(missing_ok=True)
    tune = TuneOptions(
        steps, later_first=options.later_first, rate_share=options.rate_share, device=options.device, save=save
    )
    training = prepared.training if prepared.training.directions is None else None  # the phase wants whole targets
    result = tuned(start, prepared.trained.graph, prepared.trained.config, tune, run, training)
    stages.append(judged(f"trained with rounding (qat), {steps} steps", result))
    if options.method == "best" and stages[0].check.goal > stages[1].check.goal:
        return start, stages[::-1]
    return result, stages


def calibrated(prepared: Prepared, options: QuantiseOptions) -> Quantisable:
    """Return the calibrated network with the bits of `options`; choosing them takes a first one with 8 bits."""
    trained, judge = prepared.trained, prepared.judge
    wanted = parse(options.bits, options.budget, trained.graph)
    bits: Mapping[str, int] = wanted.layers
    if wanted.auto:
        eight = _ranged(prepared, {}, options)
        rows = spread_rows(len(judge.photos), JUDGED)
        losses = four_bit_losses(eight, inputs_of(judge.photos, rows, trained.size), judge.wanted[rows])
        bits = chosen(eight, losses, wanted, options.target)
    return _ranged(prepared, bits, options)


def layer_costs(prepared: Prepared, options: QuantiseOptions) -> tuple[LayerCost, ...]:
    """Return what rounding each layer of the network with 8 bits costs on held-out people, the dearest first."""
    photos = prepared.judge.photos
    rows = spread_rows(len(photos), JUDGED)
    return tuple(costs(_ranged(prepared, {}, options), inputs_of(photos, rows, prepared.trained.size)))


def spread_rows(count: int, most: int) -> np.ndarray:
    """Return up to `most` rows of 0..count-1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _ranged(prepared: Prepared, bits: Mapping[str, int], options: QuantiseOptions) -> Quantisable:
    """Return the network with ranges from representative training photos, and what `options` correct."""
    tell(f"calibrating on {min(options.photos, len(prepared.training)):,} photos")
    trained, training = prepared.trained, prepared.training
    rows = np.random.default_rng(trained.config.seed).permutation(len(training))[: options.photos]
    batches, graph = float_inputs(training, rows, trained.size), replace(trained.graph, rounding=options.rounding)
    if options.equalise:
        graph = equalised(graph, observe(graph, batches))
    seen = observe(graph, batches)
    graph = with_steps(graph.with_bits(bits), options.scale)
    affine = quantisations(graph, seen, options.calibration)
    return mended((graph, affine), torch.cat(batches)) if options.mend else (graph, affine)


def _checked_onnx(trained: Trained, photos: Photos) -> np.ndarray:
    """Return the embeddings of `photos` by the ONNX file's network; fail where 16-bit weights cost accuracy.

    Too few held-out people for a true-accept rate cannot tell that.
    """
    halved = _embedded(trained.graph, photos, trained.size)
    parts = np.array_split(np.arange(len(photos)), max(1, len(photos) // 64))
    inputs = (x for part in parts for x in float_inputs(photos, part, trained.size))
    whole = np.concatenate([_embed(trained.graph, x) for x in inputs])
    found = check(whole, photos, whole)
    if found.tar and found.goal - check(halved, photos, whole).goal > _HALF_LOSS:
        raise UserError(trained.graph.name, "loses accuracy with 16-bit weights", "train it longer")
    return halved


def _embed(graph: FloatGraph, x: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return execute(graph, x, weights_of(graph), lambda _name, value: value).numpy()
