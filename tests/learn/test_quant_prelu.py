# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""PReLU on the way to integers: in its layer's requantisation, equalising, bias mending, training, ONNX."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from pathlib import Path

from settings import config
from test_nets import SMALL
from torch import nn

from microface.errors import UserError
from microface.learn.card import card_of
from microface.learn.nets.layers import PReLU
from microface.learn.quant.calibrate import Affine, observe, quantisations
from microface.learn.quant.correct import equalised, mended
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.from_onnx import read_graph
from microface.learn.quant.graph import Convolution, FloatGraph, Maximum, Prelu, Rounding, Sum
from microface.learn.quant.lower import lower
from microface.learn.quant.max78000.arrange import arranged
from microface.learn.quant.onnx_file import OnnxNetwork, to_onnx
from microface.learn.quant.options import QuantiseOptions
from microface.learn.quant.qat import QuantisedNetwork
from microface.learn.quant.sensitivity import costs
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.learn.quantise import quantise
from microface.learn.train.start import start
from microface.models import ModelPackage
from microface.network.ops import WeightedOperator
from microface.network.requantise import HighMulPrelu

torch.set_num_threads(1)  # layers this small only wait for one another
SIDE = 10


def bent_graph(seed: int, rounding: Rounding = "once") -> FloatGraph:
    """Stem, depthwise and 1x1 layer, each with a PReLU behind it; slopes of both signs; channels of unlike size."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for inputs, outputs, kernel, groups in ((3, 8, 3, 1), (8, 8, 3, 8), (8, 12, 1, 1)):
        layers += [nn.Conv2d(inputs, outputs, kernel, groups=groups), nn.BatchNorm2d(outputs), PReLU(outputs)]
        torch.nn.init.uniform_(layers[-1].weight, -1.2, 1.2)
        torch.nn.init.uniform_(layers[-2].weight, 0.2, 2.0)
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(12 * 36, 16))
    return replace(trace(network, SIDE, "bent"), rounding=rounding)


def pictures(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, SIDE, SIDE, 3)).astype(np.int8)


def reals(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128


def embed(graph: FloatGraph, x: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return execute(graph, reals(x), weights_of(graph), lambda _name, value: value)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from(["once", "tflite"]))
def test_lowering_is_the_simulation_and_near_the_floats(seed: int, rounding: Rounding) -> None:
    graph, x = bent_graph(seed, rounding), pictures(seed, 12)
    affine = quantisations(graph, observe(graph, [reals(x)]))
    network = lower(graph, affine)
    assert differences(network, graph, affine, x) == {}
    found = torch.from_numpy(network.output.dequantise(network.run(x))[:, 0, 0])
    assert float(torch.cosine_similarity(found, embed(graph, x).double()).min()) > (
        0.99 if rounding == "once" else 0.98
    )


def test_ours_takes_prelus_into_the_requantisation() -> None:
    graph, x = bent_graph(8), pictures(8, 6)
    affine = quantisations(graph, observe(graph, [reals(x)]))
    network = lower(graph, affine)
    assert [op.kind for op in network.operators] == ["conv2d", "depthwise_conv2d", "conv2d", "dense"]
    rules = [op.requantise for op in network.operators if isinstance(op, WeightedOperator)]
    assert [rule.kind for rule in rules] == ["highmul_prelu"] * 3 + ["highmul"]
    assert [op.output for op in network.operators[:3]] == [node.name for node in graph.prelus()]
    for rule, node in zip(rules[:3], graph.prelus(), strict=True):
        assert isinstance(rule, HighMulPrelu)
        np.testing.assert_allclose(rule.slopes, node.slopes, atol=1e-4)
        assert affine.keys().isdisjoint(node.inputs)


def test_a_layer_that_something_else_reads_keeps_its_prelu_apart() -> None:
    layer = Convolution("a", ("input",), (2, 8, 8), "", np.ones((2, 3, 3, 3), np.float32), np.ones(2, np.float32))
    bent = Prelu("b", ("a",), (2, 8, 8), slopes=np.array([0.1, -0.5], np.float32))
    graph = FloatGraph("odd", (3, 10, 10), (layer, bent, Sum("c", ("a", "b"), (2, 8, 8))))
    x = pictures(9, 6)
    affine = quantisations(graph, observe(graph, [reals(x)]))
    network = lower(graph, affine)
    assert [op.kind for op in network.operators] == ["conv2d", "prelu", "add"]
    assert differences(network, graph, affine, x) == {}


def test_in_tflite_a_layer_and_its_prelu_share_a_range_that_covers_both() -> None:
    graph = bent_graph(1, "tflite")
    seen = observe(graph, [reals(pictures(1, 20))])
    affine = quantisations(graph, seen, "minmax")
    for node in graph.prelus():
        shared = affine[node.name]
        assert shared == affine[node.inputs[0]]
        low, high = (shared.scale * (end - shared.zero_point) for end in (-128, 127))
        for name in (node.name, *node.inputs):
            assert low - shared.scale <= seen[name].low and seen[name].high <= high + shared.scale


def test_equalising_goes_through_prelus_and_keeps_the_function() -> None:
    graph, x = bent_graph(2), pictures(2, 20)
    seen = observe(graph, [reals(x)])
    after = equalised(graph, seen)
    assert torch.allclose(embed(after, x), embed(graph, x), atol=1e-4)
    spread = [_unlike(g, x) for g in (graph, after)]
    assert spread[1] < 0.8 * spread[0]


def _unlike(graph: FloatGraph, x: np.ndarray) -> float:
    """Return the ratio of the largest to the least reach of a channel of the first PReLU."""
    reach = observe(graph, [reals(x)])[next(graph.prelus()).name].reach
    assert reach is not None
    return float(reach.max() / reach.min())


def test_biases_are_mended_behind_prelus() -> None:
    graph, x = bent_graph(3), pictures(3, 60)
    graph = graph.with_bits({node.name: 4 for node in graph.weighted()})
    start = graph, quantisations(graph, observe(graph, [reals(x)]))
    mended_start = mended(start, reals(x))
    errors = []
    for each in (start, mended_start):
        network = lower(*each)
        found = torch.from_numpy(network.output.dequantise(network.run(x))[:, 0, 0])
        errors.append(float((found - embed(graph, x)).mean(0).abs().mean()))
    assert errors[1] < 0.6 * errors[0]


def test_slopes_are_trained_and_come_back() -> None:
    graph, x = bent_graph(4), pictures(4, 8)
    affine = quantisations(graph, observe(graph, [reals(x)]))
    network = QuantisedNetwork(graph, affine)
    network(reals(x)).square().mean().backward()
    name = next(graph.prelus()).name
    gradient = network.slopes[name].grad
    assert gradient is not None and int((gradient != 0).sum()) == 8
    with torch.no_grad():
        network.slopes[name][0] = 5.0
    learned, scales = network.result()
    changed = learned.node(name)
    assert isinstance(changed, Prelu) and changed.slopes[0] == 5.0
    assert differences(lower(learned, scales), learned, scales, x) == {}


def test_the_rounded_network_computes_as_the_integers_do() -> None:
    graph, x = bent_graph(5), pictures(5, 16)
    affine = quantisations(graph, observe(graph, [reals(x)]))
    network = lower(graph, affine)
    with torch.no_grad():
        rounded = QuantisedNetwork(graph, affine)(reals(x))
    found = torch.from_numpy(network.output.dequantise(network.run(x))[:, 0, 0]).float()
    assert float(torch.cosine_similarity(found, rounded).min()) > 0.9995


def test_a_report_ranks_prelus_too() -> None:
    graph, x = bent_graph(6), pictures(6, 8)
    start = graph, quantisations(graph, observe(graph, [reals(x)]))
    kinds = {cost.name: cost.kind for cost in costs(start, x)}
    assert [kinds[node.name] for node in graph.prelus()] == ["prelu"] * 3


def test_a_float_onnx_file_holds_prelus_and_is_read_again(tmp_path: Path) -> None:
    graph, x = bent_graph(7), pictures(7, 4)
    model = to_onnx(graph)
    found = torch.from_numpy(OnnxNetwork(model).embed(reals(x).numpy()))
    assert torch.allclose(found, embed(graph, x), atol=2e-3)
    onnx.save(model, tmp_path / "bent.onnx")
    assert len(list(read_graph(tmp_path / "bent.onnx").prelus())) == 3


def test_one_slope_for_all_channels_is_one_for_each() -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.PReLU(), nn.Flatten(), nn.Linear(6 * 64, 4))
    assert next(trace(network, SIDE, "one").prelus()).slopes.tolist() == [0.25] * 6


def test_what_slopes_cannot_be_is_refused() -> None:
    pool = Maximum("a", ("input",), (3, 5, 5))
    graph = FloatGraph("odd", (3, 10, 10), (pool, Prelu("b", ("a",), (3, 5, 5), slopes=np.array([0.1, 2.5, 0]))))
    affine = dict.fromkeys(("input", "a", "b"), Affine(0.1, 0))
    with pytest.raises(UserError, match=r"operator b: has the slope 2\.5 in channel 1"):
        lower(graph, affine)
    with pytest.raises(UserError, match="layer b: has slopes below zero, which the accelerator cannot do"):
        arranged(graph)


def test_a_slim_run_becomes_a_package_with_trained_rounding_and_small_weights(drawn: Path, tmp_path: Path) -> None:
    start(config(drawn, net="slimface", options=SMALL["slimface"], epochs=4), tmp_path / "run", resume=False)
    options = QuantiseOptions("qat", photos=64, steps=12, bits=("4",), report=True)
    result = quantise(tmp_path / "run", tmp_path / "slim.mface", "slim", card_of(tmp_path / "run"), options)
    operators = ModelPackage.load(tmp_path / "slim.mface").network.operators
    rules = [op.requantise.kind for op in operators if isinstance(op, WeightedOperator)]
    assert rules.count("highmul_prelu") == 2 + 2 * 7 + 2
    assert all(op.kind != "prelu" for op in operators)
    assert {cost.kind for cost in result.costs} >= {"prelu", "depthwise", "convolution", "sum"}
    assert 4 in result.bits.values()
    calibrated, trained = (stage.check for stage in result.stages[-2:])
    assert calibrated.cosine > 0.9
    assert trained.cosine > 0.8  # it follows the teacher, too, from whom four epochs have not taught all
    assert trained.tar["0.01"] > calibrated.tar["0.01"] - 0.03
