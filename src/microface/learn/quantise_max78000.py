"""`microface quantize --target max78000`: from a run's folder to a package whose network the accelerator runs."""

from functools import partial
from pathlib import Path

import numpy as np

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn.package import float_inputs, inputs_of
from microface.learn.quant.judge import Stage
from microface.learn.quant.max78000 import FitOptions, Fitted, differences, fit, lower, simulate
from microface.learn.quant.max78000.bits import parse_bits
from microface.learn.quant.options import QuantiseOptions
from microface.learn.quantise import Prepared, Quantised, pack, prepare, rounded
from microface.models.card import ModelCard

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
    start = _calibrated(prepared, options)
    plan_accelerator(lower(start), Target.load(options.target))
    fitted, stages = rounded(prepared, options, run, output, start, partial(_measured, prepared))
    return pack(prepared, options, output, name, card, lower(fitted), fitted.graph, stages)


def _calibrated(prepared: Prepared, options: QuantiseOptions) -> Fitted:
    trained, training = prepared.trained, prepared.training
    if options.budget or options.report or options.stretch != 1:
        raise UserError("--budget, --report or --scale", "is not for this chip", "leave it out, and give --bits")
    chosen = FitOptions(options.calibration, parse_bits(options.bits, trained.graph), options.equalise, options.mend)
    rows = np.random.default_rng(trained.config.seed).permutation(len(training))[: options.photos]
    return fit(trained.graph, float_inputs(training, rows, trained.size), chosen)


def _measured(prepared: Prepared, name: str, fitted: Fitted) -> Stage:
    """Return the stage of the integer network of `fitted`, which is compared with it on every value of a few photos."""
    judge, network, output = prepared.judge, lower(fitted), fitted.graph.output.name
    few = inputs_of(judge.photos, np.arange(min(_CHECKED, len(judge.photos))), judge.size)
    if wrong := differences(network, fitted, few):
        raise AssertionError(f"lowering is wrong: {wrong} integers differ from the simulation")
    return judge.network(name, network, lambda inputs: simulate(fitted, inputs)[output])
