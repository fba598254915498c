"""`microface quantize --target max78000`: from a run's folder to a package whose network the accelerator runs."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn.package import float_inputs, inputs_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.judge import Stage
from microface.learn.quant.max78000 import FitOptions, Fitted, costs, differences, fit, lower, simulate
from microface.learn.quant.max78000.bits import parse_bits
from microface.learn.quant.options import QuantiseOptions
from microface.learn.quant.sensitivity import LayerCost
from microface.learn.quantise import JUDGED, Prepared, Quantised, pack, prepare, rounded, spread_rows
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
    prepared = prepare(run, name, options, partial(_bits, options))
    start = _calibrated(prepared, options)
    plan_accelerator(lower(start), Target.load(options.target))
    fitted, stages = rounded(prepared, options, run, output, start, partial(_measured, prepared))
    packed = pack(prepared, options, output, name, card, lower(fitted), fitted.graph, stages)
    return replace(packed, costs=_costs(prepared, options)) if options.report else packed


def _bits(options: QuantiseOptions, graph: FloatGraph) -> Mapping[str, int]:
    """Return the bits of the layers of `graph` as told."""
    if options.budget:
        raise UserError("--budget", "is not for this chip, whose layers have a memory of their own", "give --bits")
    return parse_bits(options.bits, graph)


def _calibrated(prepared: Prepared, options: QuantiseOptions) -> Fitted:
    """Return the run fitted for the accelerator by training photos."""
    trained, training = prepared.trained, prepared.training
    bits = _bits(options, trained.graph)
    chosen = FitOptions(options.calibration, bits, options.equalise, options.mend, stretch=options.scale)
    rows = np.random.default_rng(trained.config.seed).permutation(len(training))[: options.photos]
    return fit(trained.graph, float_inputs(training, rows, trained.size), chosen)


def _costs(prepared: Prepared, options: QuantiseOptions) -> tuple[LayerCost, ...]:
    """Return what rounding each layer of the network with 8 bits costs on held-out photos, the dearest first."""
    judge = prepared.judge
    rows = spread_rows(len(judge.photos), JUDGED)
    eight = _calibrated(prepared, replace(options, bits=()))
    return tuple(costs(eight, inputs_of(judge.photos, rows, judge.size)))


def _measured(prepared: Prepared, name: str, fitted: Fitted) -> Stage:
    """Return the stage of the integer network of `fitted`, which is compared with it on every value of a few photos."""
    judge, network, output = prepared.judge, lower(fitted), fitted.graph.output.name
    few = inputs_of(judge.photos, np.arange(min(_CHECKED, len(judge.photos))), judge.size)
    if wrong := differences(network, fitted, few):
        raise AssertionError(f"lowering is wrong: {wrong} integers differ from the simulation")
    return judge.network(name, network, lambda inputs: simulate(fitted, inputs)[output])
