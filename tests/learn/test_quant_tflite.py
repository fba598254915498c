# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""`quantize --rounding tflite`: our own networks in TFLite's arithmetic, equal to LiteRT's reference kernels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from settings import config
from test_nets import SMALL

from litert import differing, reference
from microface.chip.devices.bench import measure_on_chip
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn import nets
from microface.learn.card import card_of
from microface.learn.quant.calibrate import Affine, Quantisable, observe, quantisations
from microface.learn.quant.graph import Average, Convolution, FloatGraph, GlobalMean, Join, Linear, Maximum, Prelu, Sum
from microface.learn.quant.lower import lower
from microface.learn.quant.options import QuantiseOptions, options_from
from microface.learn.quant.rounding import ARITHMETICS
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.learn.quant.weights import with_steps
from microface.learn.quantise import quantise
from microface.learn.train.start import start
from microface.models import ModelPackage, load, names
from microface.network import IntegerNetwork, digest
from microface.network.convert.compare import difference
from microface.network.convert.tflite import import_bytes, import_tflite, tflite_bytes

SIZE = (18, 14)
torch.set_num_threads(1)  # layers this small only wait for one another


def every_layer(seed: int) -> FloatGraph:
    """A graph of every kind of node, with relu, relu6 and padding on one side."""
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    first = Convolution("first", ("input",), (6, 18, 14), "relu", weights(6, 3, 3, 3), weights(6), (1, 1), (1, 1))
    most = Maximum("most", ("first",), (6, 9, 7), "", (3, 3), (2, 2), (0, 1, 0, 1))
    depth = Convolution("depth", ("most",), (6, 9, 7), "", weights(6, 1, 3, 3), weights(6), (1, 1), (1, 1), 6)
    total = Sum("total", ("most", "depth"), (6, 9, 7), "relu")
    average = Average("average", ("total",), (6, 5, 4), "", (2, 2), (2, 2), (0, 1, 0, 1))
    left = Convolution("left", ("average",), (9, 5, 4), "relu6", weights(9, 6, 1, 1), weights(9))
    bent = Prelu("bent", ("left",), (9, 5, 4), slopes=random.uniform(-1.2, 1.2, 9).astype(np.float32))
    joined = Join("joined", ("bent", "average"), (15, 5, 4))
    mean = GlobalMean("mean", ("joined",), (15, 1, 1))
    last = Linear("last", ("mean",), (8, 1, 1), "", weights(8, 15), weights(8))
    nodes = first, most, depth, total, average, left, bent, joined, mean, last
    return FloatGraph("every", (3, *SIZE), nodes, "tflite")


def calibrated(graph: FloatGraph) -> Quantisable:
    """Return `graph` with ranges of noise."""
    x = torch.from_numpy(noise(99, 16)).permute(0, 3, 1, 2).float() / 128
    return graph, quantisations(graph, observe(graph, [x]))


def noise(seed: int, count: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return int8 inputs [N, H, W, 3]."""
    return np.random.default_rng(seed).integers(-128, 128, (count, *size, 3)).astype(np.int8)


def unlike_litert(network: IntegerNetwork, path: Path, x: np.ndarray) -> list[str]:
    """Write `network` to `path`; return its tensors that LiteRT computes otherwise for any of the inputs `x`."""
    path.write_bytes(tflite_bytes(network))
    imported = import_tflite(path)
    return [
        name
        for each in x
        for name in differing(imported, network.run_all(each[None]), reference(path, {0: each[None]}))
    ]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_the_simulation_is_the_lowered_network(seed: int, four: bool) -> None:
    graph = every_layer(seed)
    bits = {node.name: 4 for node in graph.weighted() if four and node.name != "first"}
    quantisable = calibrated(with_steps(graph.with_bits(bits)))
    assert differences(lower(*quantisable), *quantisable, noise(seed, 4)) == {}


@pytest.mark.parametrize("four", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_litert_computes_every_tensor_of_the_exported_file(seed: int, four: bool, tmp_path: Path) -> None:
    graph = every_layer(seed)
    bits = {node.name: 4 for node in graph.weighted() if four and node.name != "first"}
    network = lower(*calibrated(with_steps(graph.with_bits(bits))))
    assert unlike_litert(network, tmp_path / "every.tflite", noise(seed, 3)) == []


def test_the_way_to_tflite_and_back_gives_the_same_network(tmp_path: Path) -> None:
    network = lower(*calibrated(with_steps(every_layer(1).with_bits({"left": 4}))))
    (tmp_path / "every.tflite").write_bytes(tflite_bytes(network))
    assert digest(import_tflite(tmp_path / "every.tflite").network) == digest(network)


@pytest.fixture(scope="module", params=nets.names())
def family(request: pytest.FixtureRequest) -> Quantisable:
    """A small network of each family, untrained, its quantisation for TFLite's rounding."""
    torch.manual_seed(0)
    options = nets.options_of(request.param, SMALL.get(request.param, {}))
    graph = trace(nets.build(request.param, options).eval(), options.input_size, request.param)
    graph = replace(graph, rounding="tflite")
    x = noise(1, 2, options.input_size)
    return graph, quantisations(graph, observe(graph, [torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128]))


def test_every_family_goes_to_tflite_and_comes_back(family: Quantisable, tmp_path: Path) -> None:
    network = lower(*family)
    x = noise(2, 1, network.input.shape[:2])
    assert differences(network, *family, x) == {}
    assert unlike_litert(network, tmp_path / "family.tflite", x) == []
    back = import_bytes(tflite_bytes(network), Path(network.name)).network
    assert digest(back) == digest(network)


@pytest.mark.parametrize("name", names())
def test_every_shipped_network_comes_back_the_same_once_it_is_tflites(name: str) -> None:
    network = load(name).network
    once = import_bytes(tflite_bytes(network), Path(name)).network
    # Of noise: TFLite rounds once more before each PReLU, which trained steps feel most. Faces lose less (docs).
    assert difference(network, once, noise(1, 2, network.input.shape[:2])).cosine > 0.9
    assert digest(import_bytes(tflite_bytes(once), Path(name)).network) == digest(once)


def test_an_average_keeps_its_inputs_quantisation_in_tflite_alone() -> None:
    graph = every_layer(1)
    assert graph.groups()["average"] == graph.groups()["total"]
    once = replace(graph, rounding="once")
    assert once.groups()["average"] != once.groups()["total"]


@given(st.floats(1e-3, 1e3))
def test_six_is_cut_where_tflite_cuts_it(scale: float) -> None:
    low, high = ARITHMETICS["tflite"].limits("relu6", Affine(float(np.float32(scale)), -128))
    exact = float(np.float32(6) / np.float32(scale))
    assert low == -128 and (high == 127 or abs(high + 128 - exact) <= 0.5)


def test_a_trained_network_has_the_bits_of_litert_and_of_the_chip(drawn: Path, tmp_path: Path) -> None:
    start(config(drawn, epochs=1), tmp_path / "run", resume=False)
    options = QuantiseOptions("qat", photos=64, steps=4, rounding="tflite", size=32)
    quantise(tmp_path / "run", tmp_path / "mine.mface", "mine", card_of(tmp_path / "run"), options)
    network = ModelPackage.load(tmp_path / "mine.mface").network
    x = noise(3, 4, (32, 32))
    assert unlike_litert(network, tmp_path / "mine.tflite", x) == []
    back = import_tflite(tmp_path / "mine.tflite").network
    assert difference(network, back, x).equal and digest(back) == digest(network)
    assert measure_on_chip(network, Target.load("stm32h743zi")).instructions > 100_000


def test_another_rounding_is_refused() -> None:
    with pytest.raises(UserError, match="rounding = 'floor': cannot be used; it should be 'once' or 'tflite'"):
        options_from(Path("no run"), {"rounding": "floor"})
