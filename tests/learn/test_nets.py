# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Every registered network: one step of training, tracing, lowering, and the simulation equal to the integers."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from microface.errors import UserError
from microface.learn import nets
from microface.learn.quant.calibrate import METHODS, observe, quantisations
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.lower import lower
from microface.learn.quant.onnx_file import OnnxNetwork, to_onnx
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.learn.train.losses import distillation
from microface.network import load_network, save_network


@pytest.fixture(scope="module", params=nets.names())
def trained(request: pytest.FixtureRequest) -> tuple[str, torch.nn.Module, int]:
    """A network of each family after one step: name, module, resolution."""
    torch.manual_seed(0)
    options = nets.options_of(request.param, {})
    network = nets.build(request.param, options)
    x = torch.randn(4, 3, options.resolution, options.resolution)
    before = [p.detach().clone() for p in network.parameters()]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    distillation(network(x), torch.randn(4, options.embedding), 0.2, 0.07).backward()
    optimizer.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
    return request.param, network, options.resolution


def test_tracing_and_folding_keep_the_function(trained: tuple[str, torch.nn.Module, int]) -> None:
    name, network, side = trained
    graph = trace(network, side, name)
    x = torch.rand(2, 3, side, side) * 2 - 1
    with torch.no_grad():
        expected = network.eval()(x)
        found = execute(graph, x, weights_of(graph), lambda _name, value: value)
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))


def test_onnx_file_computes_the_same(trained: tuple[str, torch.nn.Module, int]) -> None:
    name, network, side = trained
    x = torch.rand(2, 3, side, side) * 2 - 1
    with torch.no_grad():
        expected = network.eval()(x)
    found = torch.from_numpy(OnnxNetwork(to_onnx(trace(network, side, name))).embed(x.numpy()))
    assert float(torch.nn.functional.cosine_similarity(found, expected).min()) > 0.9999


@pytest.mark.parametrize("method", sorted(METHODS))
def test_simulation_is_the_integer_network(
    trained: tuple[str, torch.nn.Module, int], method: str, tmp_path: Path
) -> None:
    name, network, side = trained
    graph = trace(network, side, name)
    integers = np.random.default_rng(1).integers(-128, 128, (3, side, side, 3)).astype(np.int8)
    x = torch.from_numpy(integers).permute(0, 3, 1, 2).float() / 128
    affine = quantisations(graph, observe(graph, [x[:2]]), method)
    lowered = lower(graph, affine)
    save_network(lowered, tmp_path / "network.mfn")
    assert differences(load_network(tmp_path / "network.mfn"), graph, affine, integers) == {}
    with torch.no_grad():
        expected = network.eval()(x).numpy()
    found = lowered.output.dequantise(lowered.run(integers))[:, 0, 0]
    assert _cosine(expected, found) > 0.98


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def test_the_published_mobilenet_has_its_multiply_accumulates() -> None:
    options = nets.options_of("mobilenet_v2", {"width": "0.5", "resolution": "96", "embedding": "128"})
    assert _macs("mobilenet_v2", options) == 17_769_280


def test_the_default_face_network_keeps_its_budget() -> None:
    assert _macs("facenet", nets.options_of("facenet", {})) < 20_000_000


def _macs(name: str, options: object) -> int:
    graph = trace(nets.build(name, options), options.resolution, name)  # type: ignore[attr-defined]
    x = torch.randn(1, *graph.input_shape)
    return lower(graph, quantisations(graph, observe(graph, [x]), "minmax")).macs


def test_unknown_names_and_options_are_told() -> None:
    with pytest.raises(UserError, match="facenet"):
        nets.build("resnet")
    with pytest.raises(UserError, match="is not an option"):
        nets.options_of("facenet", {"depth": 3})
    with pytest.raises(UserError, match="is not a number"):
        nets.options_of("facenet", {"stem": "wide"})


def test_a_layer_that_cannot_be_lowered_is_named() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.GELU())
    with pytest.raises(UserError, match="has no integer operator"):
        trace(network, 8, "odd")
