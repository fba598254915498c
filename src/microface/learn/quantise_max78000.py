"""`microface quantize --target max78000`: from a run's folder to a package whose network the accelerator runs."""

from pathlib import Path

import numpy as np

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn.package import float_inputs, inputs_of, make_package, run_steps
from microface.learn.package import statistics_of as visit_statistics
from microface.learn.quant.judge import Stage
from microface.learn.quant.max78000 import FitOptions, Fitted, differences, fit, lower, simulate
from microface.learn.quant.max78000.bits import parse_bits
from microface.learn.quant.onnx_file import save_onnx
from microface.learn.quant.tune import TuneOptions, steps_for, tuned
from microface.learn.quantise import Prepared, Quantised, QuantiseOptions, prepare
from microface.learn.train.validate import check
from microface.models.card import ModelCard
from microface.network.scores import Score
from microface.photos.dataset import Dataset

_BATCH = 32
_CHECKED = 16


def quantise_for_accelerator(
    run: Path, output: Path, name: str, card: ModelCard, options: QuantiseOptions
) -> Quantised:
    """Quantise the run in the folder `run` for the accelerator of `options.target`.

    Writes `output` (.mface) and the float ONNX file beside it. A network that the chip cannot hold is refused before
    anything is trained.
    """
    if output.suffix != ".mface":
        raise UserError(output, "is not a name for a model package", "let it end in .mface")
    prepared = prepare(run, name, options)
    fitted, stages = _quantised(prepared, options, run, output.with_name(f"{output.stem}.qat.pt"))
    network = lower(fitted)
    statistics = visit_statistics(stages[-1].embeddings, prepared.judge.photos, Score(options.score, 0))
    crop = Dataset.open(Path(prepared.trained.config.data), verify=False).manifest.preprocess
    package = make_package(name, network, options.score, card, statistics, crop)
    save_onnx(prepared.trained.graph, output.with_name(f"{output.stem}.float.onnx"))
    package.save(output)
    bits = {node.name: node.bits for node in fitted.graph.weighted()}
    return Quantised(package, (*prepared.stages, *stages), prepared.judge.photos, bits)


def _quantised(prepared: Prepared, options: QuantiseOptions, run: Path, save: Path) -> tuple[Fitted, list[Stage]]:
    """Return what is to be lowered, by the method of `options`, and its stages, the one of the result last."""
    start = _calibrated(prepared, options)
    plan_accelerator(lower(start), Target.load(options.target))
    stages = [_measured("calibrated (ptq)", start, prepared)]
    if options.method == "ptq":
        return start, stages
    steps = options.steps or steps_for(run_steps(run))
    if not options.resume:
        save.unlink(missing_ok=True)
    tune = TuneOptions(
        steps, later_first=options.later_first, rate_share=options.rate_share, device=options.device, save=save
    )
    result = tuned(start, prepared.trained.graph, prepared.trained.config, tune, run)
    stages.append(_measured(f"trained with rounding (qat), {steps} steps", result, prepared))
    if options.method == "best" and stages[0].check.goal > stages[1].check.goal:
        return start, stages[::-1]
    return result, stages


def _calibrated(prepared: Prepared, options: QuantiseOptions) -> Fitted:
    trained, training = prepared.trained, prepared.training
    if options.budget or options.report or options.stretch != 1:
        raise UserError("--budget, --report or --scale", "is not for this chip", "leave it out, and give --bits")
    chosen = FitOptions(options.calibration, parse_bits(options.bits, trained.graph), options.equalise, options.mend)
    rows = np.random.default_rng(trained.config.seed).permutation(len(training))[: options.photos]
    return fit(trained.graph, float_inputs(training, rows, trained.size), chosen)


def _measured(name: str, fitted: Fitted, prepared: Prepared) -> Stage:
    """Return the stage of the integer network of `fitted`, which is compared with it on every value of a few photos."""
    photos, size, network = prepared.judge.photos, prepared.trained.size, lower(fitted)
    few = inputs_of(photos, np.arange(min(_CHECKED, len(photos))), size)
    if wrong := differences(network, fitted, few):
        raise AssertionError(f"lowering is wrong: {wrong} integers differ from the simulation")
    parts = np.array_split(np.arange(len(photos)), max(1, -(-len(photos) // _BATCH)))
    output = fitted.graph.output.name
    embeddings = np.concatenate([simulate(fitted, inputs_of(photos, part, size))[output][:, 0, 0] for part in parts])
    measured = check(embeddings.astype(np.float32), photos, prepared.judge.wanted)
    return Stage(name, embeddings, measured, network.constant_bytes)
