# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Quantisation: ranges, rounding, gradients, and the whole way from a run to a model package."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from settings import config

from microface.errors import UserError
from microface.evaluate.curves import measure_curves
from microface.evaluate.engines import open_engine
from microface.learn import package
from microface.learn.card import card_of
from microface.learn.package import read_by
from microface.learn.quant.calibrate import METHODS, Affine, Seen, quantisations
from microface.learn.quant.graph import Convolution, FloatGraph, Sum
from microface.learn.quant.lower import lower
from microface.learn.quant.options import QuantiseOptions, options_from
from microface.learn.quant.qat import QuantisedNetwork, Rounded, RoundedWeights
from microface.learn.quant.rounding import limits
from microface.learn.quant.simulate import differences
from microface.learn.quantise import Quantised, quantise
from microface.learn.train.config import save_config
from microface.learn.train.start import start
from microface.models.card import held_out_metric
from microface.models.package import ModelPackage
from microface.photos.dataset import Dataset
from microface.photos.preprocess import Preprocess

_reals = st.floats(-1e4, 1e4, allow_nan=False)


@given(_reals, _reals)
def test_a_range_is_covered_and_zero_is_exact(a: float, b: float) -> None:
    affine = Affine.covering(min(a, b), max(a, b))
    low, high = (affine.scale * (end - affine.zero_point) for end in (-128, 127))
    assert low - affine.scale <= min(a, b, 0) and high + affine.scale >= max(a, b, 0)
    assert float(affine.rounded(np.zeros(1))[0]) == 0.0


@given(st.floats(1e-3, 1e3))
def test_relu_wastes_no_integer(high: float) -> None:
    affine = Affine.covering(0.0, high)
    assert affine.zero_point == -128 and limits("relu", affine) == (-128, 127)


def test_relu6_is_cut_at_six() -> None:
    assert limits("relu6", Affine(8 / 255, -128)) == (-128, -128 + round(6 * 255 / 8))


def test_least_squares_gives_up_a_lonely_outlier() -> None:
    sample = np.append(np.random.default_rng(0).normal(size=100_000), 40.0)
    seen = Seen(float(sample.min()), 40.0, sample)
    errors = {name: _error(method(seen), sample) for name, method in METHODS.items()}
    assert errors["mse"] <= min(errors["minmax"], errors["percentile"]) * 1.0001


def _error(span: tuple[float, float], sample: np.ndarray) -> float:
    return float(np.square(Affine.covering(*span).rounded(sample) - sample).mean())


def test_step_sizes_learn_by_lsq() -> None:
    scale, zero = torch.tensor(0.1, requires_grad=True), torch.tensor(0, dtype=torch.int32)
    x = torch.tensor([0.04, 100.0, -100.0, 0.31], requires_grad=True)
    Rounded.apply(x, scale, zero).sum().backward()
    assert x.grad is not None and scale.grad is not None
    assert x.grad.tolist() == [1, 0, 0, 1]
    steps = (0 - 0.4) + 127 + -128 + (3 - 3.1)
    assert float(scale.grad) == pytest.approx(steps / (127 * 4) ** 0.5, rel=1e-4)


def test_steps_of_weights_learn_per_channel() -> None:
    steps = torch.tensor([0.5, 0.1], requires_grad=True)
    weights = torch.tensor([[0.6, -9.0], [0.04, 0.2]], requires_grad=True)
    rounded = RoundedWeights.apply(weights, steps, 4)
    assert torch.allclose(rounded, torch.tensor([[0.5, -4.0], [0.0, 0.2]]))
    rounded.sum().backward()
    assert weights.grad is not None and steps.grad is not None
    assert weights.grad.tolist() == [[1, 0], [1, 1]]
    expected = [(1 - 1.2) + -8, (0 - 0.4) + (2 - 2.0)]
    assert steps.grad.tolist() == pytest.approx([value / (7 * 2) ** 0.5 for value in expected], rel=1e-4)


def test_wide_convolutions_strides_and_sums_lower_exactly() -> None:
    random = np.random.default_rng(4)
    graph = _random_graph(random)
    names = [FloatGraph.INPUT, *(node.name for node in graph.nodes)]
    affine = {name: Affine(float(random.uniform(0.01, 0.2)), int(random.integers(-128, 128))) for name in names}
    affine[FloatGraph.INPUT] = Affine(1 / 128, 0)
    x = random.integers(-128, 128, (2, 13, 11, 5)).astype(np.int8)
    assert differences(lower(graph, affine), graph, affine, x) == {}


def _random_graph(random: np.random.Generator) -> FloatGraph:
    def weights(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    first = Convolution("a", ("input",), (7, 7, 6), "relu", weights(7, 5, 3, 3), weights(7), (2, 2), (1, 1))
    depthwise = Convolution("b", ("a",), (7, 7, 6), "", weights(7, 1, 5, 5), weights(7), (1, 1), (2, 2), 7)
    total = Sum("c", ("a", "b"), (7, 7, 6), "relu")
    last = Convolution("d", ("c",), (9, 3, 2), "relu6", weights(9, 7, 1, 3), weights(9), (3, 2), (1, 0))
    return FloatGraph("odd", (5, 13, 11), (first, depthwise, total, last))


@pytest.fixture(scope="module")
def run(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the drawn data set."""
    folder = tmp_path_factory.mktemp("quant") / "run"
    start(config(drawn, epochs=6), folder, resume=False)
    return folder


@pytest.fixture(scope="module", params=["ptq", "qat"])
def quantised(request: pytest.FixtureRequest, run: Path) -> tuple[Quantised, Path]:
    """The run's package by either method, and its file."""
    path = run / f"{request.param}.mface"
    options = QuantiseOptions(request.param, photos=128, steps=40)
    return quantise(run, path, "drawn", card_of(run), options), path


def test_a_run_becomes_a_package_that_keeps_its_accuracy(quantised: tuple[Quantised, Path]) -> None:
    result, path = quantised
    loaded = ModelPackage.load(path)
    assert loaded.model_id == result.package.model_id
    assert loaded.network.output.zero_point == 0
    assert loaded.card.licence.startswith("Weights: as the photos and the teacher allow")
    assert result.after.tar["0.01"] > result.before.tar["0.01"] - 0.03
    assert result.after.cosine > result.before.cosine - 0.02
    assert path.with_name(f"{path.stem}.float.onnx").exists()
    assert "statistics" not in json.dumps(result.to_json())


def test_the_card_has_what_evaluate_roc_measures_again(quantised: tuple[Quantised, Path], drawn: Path) -> None:
    result, path = quantised
    found = {each.metric: each for each in result.package.card.measurements}
    (curve,) = measure_curves(Dataset.open(drawn), [open_engine("integer", str(path))])
    assert {metric: each.value for metric, each in found.items()} == {
        held_out_metric(rate): curve.tar[rate] for rate in ("0.01", "0.001") if rate in curve.tar
    }
    about = found[held_out_metric("0.01")]
    assert f"{curve.genuine:,} genuine and {curve.impostor:,} impostor pairs" in about.data
    assert about.command == "microface evaluate roc drawn --data FOLDER --no-float"


def test_the_compiled_network_judges_as_the_simulated_one(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = QuantiseOptions("ptq", photos=128)
    simulated = quantise(run, tmp_path / "simulated.mface", "drawn", card_of(run), options)
    monkeypatch.setattr(package, "_COMPILED_FROM", 0)
    compiled = quantise(run, tmp_path / "compiled.mface", "drawn", card_of(run), options)
    assert np.array_equal(simulated.stages[-1].embeddings, compiled.stages[-1].embeddings)


def test_unknown_ways_and_names_are_told(run: Path) -> None:
    with pytest.raises(UserError, match="not a name for a model package"):
        quantise(run, run / "model.onnx", "drawn", card_of(run), QuantiseOptions())
    graph = FloatGraph("none", (3, 8, 8), ())
    with pytest.raises(UserError, match="not a way to calibrate"):
        quantisations(graph, {}, "guess")


@pytest.mark.parametrize("crop", [Preprocess.aligned(96), Preprocess.loose(), Preprocess.loose(light="spread")])
def test_a_package_reads_the_centre_of_the_crops_it_was_trained_on(crop: Preprocess) -> None:
    assert read_by(crop.widened(6), (crop.height, crop.width)) == crop


def test_the_runs_schedule_counts_where_nothing_is_told(drawn: Path, tmp_path: Path) -> None:
    save_config(config(drawn, quantisation={"method": "ptq", "bits": ["4"], "size": 64}), tmp_path / "config.json")
    assert options_from(tmp_path, {"size": 32}) == QuantiseOptions("ptq", bits=("4",), size=32)
    with pytest.raises(UserError, match="method = 'int4': cannot be used; it should be 'ptq', 'qat' or 'best'"):
        options_from(tmp_path, {"method": "int4"})
    with pytest.raises(UserError, match="calibration = 'foo': cannot be used; it should be 'minmax', 'percentile' or"):
        options_from(tmp_path, {"calibration": "foo"})
    with pytest.raises(UserError, match="--bits auto: does not say how small the network shall be; add --budget 65%"):
        options_from(tmp_path, {"bits": ("auto",)})
    save_config(config(drawn, quantisation={"bit": 4}), tmp_path / "config.json")
    with pytest.raises(UserError, match="quantisation, bit: is not known; use bits, budget"):
        options_from(tmp_path, {})


def test_rounded_training_starts_at_the_calibrated_network() -> None:
    graph = _random_graph(np.random.default_rng(4))
    affine = {node.name: Affine(0.05, 0) for node in graph.nodes} | {FloatGraph.INPUT: Affine(1 / 128, 0)}
    same, learned = QuantisedNetwork(graph, affine).result()
    assert all(learned[name].scale == pytest.approx(value.scale) for name, value in affine.items())
    assert all(learned[name].zero_point == value.zero_point for name, value in affine.items())
    assert [node.name for node in same.nodes] == [node.name for node in graph.nodes]
