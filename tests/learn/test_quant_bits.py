# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Weights of 4 bits, pools and corrections: exact in the integer network, chosen by what they cost."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from microface.errors import UserError
from microface.learn.quant.bits import cheapest, parse
from microface.learn.quant.calibrate import Affine, Quantisable, observe, quantisations
from microface.learn.quant.correct import equalised, mended
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import Average, Convolution, FloatGraph, GlobalMean, Join, Linear, Maximum, Sum
from microface.learn.quant.lower import lower
from microface.learn.quant.onnx_file import OnnxNetwork, to_onnx
from microface.learn.quant.sensitivity import candidates, costs
from microface.learn.quant.simulate import differences, simulate
from microface.learn.quant.trace import trace
from microface.learn.quant.weights import best_steps, integer_weights, largest_steps, rounded, with_steps

SIZE = (18, 14)
torch.set_num_threads(1)  # layers this small only wait for one another


def _graph(seed: int) -> FloatGraph:
    """Return a network of every kind of layer, for pictures that are not square."""
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    first = Convolution("first", ("input",), (6, 18, 14), "relu", weights(6, 3, 3, 3), weights(6), (1, 1), (1, 1))
    most = Maximum("most", ("first",), (6, 9, 7), "", (3, 3), (2, 2), (1, 0, 1, 0))
    expand = Convolution("expand", ("most",), (12, 9, 7), "relu", weights(12, 6, 1, 1), weights(12))
    depth = Convolution("depth", ("expand",), (12, 9, 7), "", weights(12, 1, 3, 3), weights(12), (1, 1), (1, 1), 12)
    project = Convolution("project", ("depth",), (6, 9, 7), "", weights(6, 12, 1, 1), weights(6))
    total = Sum("total", ("most", "project"), (6, 9, 7))
    average = Average("average", ("total",), (6, 5, 4), "", (2, 2), (2, 2), (0, 1, 0, 1))
    left = Convolution("left", ("average",), (9, 5, 4), "relu", weights(9, 6, 1, 1), weights(9))
    right = Convolution("right", ("average",), (3, 5, 4), "", weights(3, 6, 3, 3), weights(3), (1, 1), (1, 1))
    joined = Join("joined", ("left", "right"), (12, 5, 4))
    wide = Convolution("wide", ("joined",), (16, 5, 4), "relu6", weights(16, 12, 1, 1), weights(16))
    mean = GlobalMean("mean", ("wide",), (16, 1, 1))
    last = Linear("last", ("mean",), (8, 1, 1), "", weights(8, 16), weights(8))
    nodes = (first, most, expand, depth, project, total, average, left, right, joined, wide, mean, last)
    return FloatGraph("every", (3, *SIZE), nodes)


def _inputs(seed: int, count: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, *SIZE, 3)).astype(np.int8)


def _floats(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128


def _calibrated(graph: FloatGraph) -> Quantisable:
    return graph, quantisations(graph, observe(graph, [_floats(_inputs(99, 16))]))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from([4, 8]), min_size=8, max_size=8))
def test_every_layer_and_mixed_bits_lower_exactly(seed: int, bits: list[int]) -> None:
    graph = _graph(seed)
    names = [node.name for node in graph.weighted()]
    graph, affine = _calibrated(with_steps(graph.with_bits(dict(zip(names, bits, strict=True))), 1.05))
    network = lower(graph, affine)
    assert differences(network, graph, affine, _inputs(seed)) == {}
    assert [op.weight_bits for op in network.operators if hasattr(op, "weight_bits")] == bits


def test_four_bits_take_half_the_bytes_and_all_sixteen_values() -> None:
    graph, affine = _calibrated(_graph(1))
    four = lower(graph.with_bits({"wide": 4}), affine)
    assert lower(graph, affine).constant_bytes - four.constant_bytes == 16 * 12 // 2
    wide = next(node for node in graph.with_bits({"wide": 4}).weighted() if node.name == "wide")
    integers = integer_weights(wide, Affine(0.1, 0)).weights
    assert integers.min() >= -8 and integers.max() <= 7


@given(st.integers(0, 10**6))
def test_steps_with_least_error_beat_those_of_the_largest_weight(seed: int) -> None:
    weights = np.random.default_rng(seed).standard_t(3, (5, 40)).astype(np.float32)
    errors = [
        np.square(rounded(weights, steps, 4) * steps[:, None] - weights).sum()
        for steps in (best_steps(weights, 4), largest_steps(weights, 4))
    ]
    assert errors[0] <= errors[1]


def test_the_onnx_file_has_the_same_pools() -> None:
    graph, x = _graph(3), _floats(_inputs(3))
    halved = graph.with_weights({n: (w.half().float().numpy(), b.numpy()) for n, (w, b) in weights_of(graph).items()})
    expected = execute(halved, x, weights_of(halved), lambda _name, value: value).numpy()
    assert np.allclose(OnnxNetwork(to_onnx(graph)).embed(x.numpy()), expected, atol=1e-4)


class _Pooled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.pool = torch.nn.MaxPool2d(3, 2, ceil_mode=True)
        self.second = torch.nn.Conv2d(4, 5, 1)
        self.average = torch.nn.AvgPool2d((9, 7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.average(torch.relu(self.second(self.pool(torch.relu(self.first(x)))))).flatten(1)


def test_maps_rounded_up_and_averages_over_the_whole_map_are_traced() -> None:
    torch.manual_seed(0)
    network = _Pooled().eval()
    graph, x = trace(network, SIZE, "pooled"), _floats(_inputs(5))
    with torch.no_grad():
        expected = network(x)
    got = execute(graph, x, weights_of(graph), lambda _name, value: value)
    assert torch.allclose(got, expected, atol=1e-5)
    assert graph.node("pool").padding == (0, 1, 0, 1) and isinstance(graph.output, GlobalMean)
    quantisable = _calibrated(graph)
    assert differences(lower(*quantisable), *quantisable, _inputs(6)) == {}
    assert quantisable[1]["pool"] == quantisable[1]["first"]


def test_equalised_channels_change_nothing_but_reach() -> None:
    graph, x = _graph(7), _floats(_inputs(7, 16))
    seen = observe(graph, [x])
    alike = equalised(graph, seen)
    results = [execute(g, x, weights_of(g), lambda _name, value: value) for g in (graph, alike)]
    assert torch.allclose(*results, atol=1e-4)
    before, after = seen["expand"].reach, observe(alike, [x])["expand"].reach
    assert before is not None and after is not None
    alive = before > 0
    assert after[alive].max() / after[alive].min() < 0.8 * before[alive].max() / before[alive].min()


def test_mended_biases_take_the_mean_error_away() -> None:
    graph, x = _graph(8), _inputs(8, 64)
    start = _calibrated(graph.with_bits(dict.fromkeys(candidates(graph), 4)))
    wanted = execute(graph, _floats(x), weights_of(graph), lambda _name, value: value).numpy()
    errors = []
    for candidate in (start, mended(start, _floats(x))):
        integers = simulate(*candidate, x)["last"][:, 0, 0]
        errors.append(np.abs((integers * candidate[1]["last"].scale - wanted).mean(axis=0)).mean())
    assert errors[1] < 0.5 * errors[0]


def test_first_and_depthwise_layers_stay_at_eight_bits() -> None:
    assert candidates(_graph(1)) == ["expand", "project", "left", "right", "wide", "last"]


def test_layers_are_ranked_by_what_they_cost() -> None:
    graph, affine = _calibrated(_graph(9))
    coarse = {**affine, "expand": Affine(affine["expand"].scale * 60, affine["expand"].zero_point)}
    ranked = costs((graph, coarse), _inputs(9, 24))
    assert ranked[0].name == "expand" and len(ranked) == len(graph.nodes)
    assert ranked[0].without == max(cost.without for cost in ranked)
    fours = {cost.name for cost in ranked if cost.four_bits is not None}
    assert fours == set(candidates(graph))


_layers = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.floats(0, 1), st.integers(1, 20)), min_size=1)


@given(_layers, st.floats(0.1, 1.0))
def test_no_other_set_of_layers_is_cheaper(layers: dict[str, tuple[float, int]], share: float) -> None:
    losses = {name: loss for name, (loss, _) in layers.items()}
    saved = {name: 64 * grains for name, (_, grains) in layers.items()}
    wanted = int(sum(saved.values()) * share)
    chosen = cheapest(losses, saved, wanted)
    assert sum(saved[name] for name in chosen) >= wanted
    sets = [s for n in range(len(layers) + 1) for s in combinations(layers, n) if sum(saved[x] for x in s) >= wanted]
    assert sum(losses[name] for name in chosen) <= min(sum(losses[x] for x in s) for s in sets) + 1e-9


def test_bits_are_read_and_refused() -> None:
    graph = _graph(1)
    inner = {"expand": 4, "project": 4, "left": 4, "right": 4, "last": 4}
    assert parse(["4", "wide=8"], "", graph).layers == inner | {"wide": 8}
    assert parse(["last=4"], "", graph).layers == {"last": 4}
    assert parse(["auto"], "65%", graph).budget == 0.65
    assert parse(["auto", "last=4"], "0.5", graph).layers == {"last": 4}
    for bits, budget, told in (
        (["3"], "", "is not known"), (["most=4"], "", "names no layer"), (["auto"], "", "not a share"),
        (["auto"], "165%", "not a share"), (["4"], "65%", "only goes with"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            parse(bits, budget, graph)


class _Joined(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.paths = torch.nn.ModuleList(torch.nn.Conv2d(3, outputs, 1) for outputs in (2, 3, 4))
        self.last = torch.nn.Conv2d(9, 5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([torch.relu(path(x)) for path in self.paths], 1)
        return self.last(joined).mean((2, 3))


def test_three_paths_are_joined_two_at_a_time_with_one_scale() -> None:
    torch.manual_seed(1)
    network = _Joined().eval()
    graph, x = trace(network, SIZE, "joined"), _floats(_inputs(5))
    with torch.no_grad():
        assert torch.allclose(execute(graph, x, weights_of(graph), lambda _name, value: value), network(x), atol=1e-5)
    graph, affine = _calibrated(graph)
    joins = [node for node in graph.nodes if isinstance(node, Join)]
    assert [node.shape[0] for node in joins] == [5, 9]
    assert len({affine[name] for node in joins for name in (node.name, *node.inputs)}) == 1
    assert differences(lower(graph, affine), graph, affine, _inputs(6)) == {}
