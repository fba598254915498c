# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Every registered network: a training step, lowering, simulation equal to the integers, plan, build, emulation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from microface.chip.devices.bench import measure_on_chip
from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn import nets
from microface.learn.quant.calibrate import METHODS, Affine, observe, quantisations
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.lower import lower
from microface.learn.quant.onnx_file import OnnxNetwork, to_onnx
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.network import IntegerNetwork, load_network, save_network

SMALL_FACENET = {
    "resolution": 32, "embedding": 16, "stem": 4, "fused": 8, "early": 8, "middle": 12, "late": 16,
    "early_blocks": 1, "middle_blocks": 2, "late_blocks": 2, "last_channels": 24,
}  # fmt: skip
SMALL_SLIMFACE = {
    "resolution": 32, "embedding": 16, "stem": 16, "entry": 16, "early": 16, "early_hidden": 16, "early_blocks": 1,
    "middle_down": 16, "middle": 16, "middle_hidden": 32, "middle_blocks": 2, "late_down": 32, "late": 32,
    "late_hidden": 16, "late_blocks": 1, "last": 32, "flat": 16,
}  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    "facenet": SMALL_FACENET,
    "faceidnet": {"resolution": 36, "embedding": 32},
    "mobilefacenet": {"resolution": 32, "embedding": 16, "width": 0.2},
    "mobilenet_v2": {"resolution": 64, "embedding": 16, "width": 0.35, "last_channels": 64},
    "slimface": SMALL_SLIMFACE,
    "squeezenet": {"resolution": 36, "embedding": 16, "width": 0.25},
}
"""Options that take seconds; a family that is not named here is walked with its defaults."""


@dataclass(frozen=True)
class Trained:
    """A network after one step of training: name, module in evaluation mode, options."""

    name: str
    network: torch.nn.Module
    options: Any

    @property
    def graph(self) -> FloatGraph:
        return trace(self.network, self.options.input_size, self.name)

    def lowered(self, x: torch.Tensor, method: str) -> tuple[FloatGraph, dict[str, Affine], IntegerNetwork]:
        """Return graph, quantisation and integer network, calibrated on `x`."""
        graph = self.graph
        affine = quantisations(graph, observe(graph, [x]), method)
        return graph, affine, lower(graph, affine)


@pytest.fixture(scope="module", params=nets.names())
def trained(request: pytest.FixtureRequest) -> Trained:
    """A network of each family after one step."""
    torch.manual_seed(0)
    options = nets.options_of(request.param, SMALL.get(request.param, {}))
    network = nets.build(request.param, options)
    x = torch.randn(4, 3, *options.input_size)
    before = [p.detach().clone() for p in network.parameters()]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    found = network(x)
    assert found.shape == (4, options.embedding)
    torch.nn.functional.mse_loss(found, torch.randn(4, options.embedding)).backward()
    optimizer.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
    return Trained(request.param, network.eval(), options)


def test_tracing_and_folding_keep_the_function(trained: Trained) -> None:
    graph = trained.graph
    x = torch.rand(2, 3, *trained.options.input_size) * 2 - 1
    with torch.no_grad():
        expected = trained.network(x)
        found = execute(graph, x, weights_of(graph), lambda _name, value: value)
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))


def test_onnx_file_computes_the_same(trained: Trained) -> None:
    x = torch.rand(2, 3, *trained.options.input_size) * 2 - 1
    with torch.no_grad():
        expected = trained.network(x)
    found = torch.from_numpy(OnnxNetwork(to_onnx(trained.graph)).embed(x.numpy()))
    assert float(torch.nn.functional.cosine_similarity(found, expected).min()) > 0.9999


def test_simulation_is_the_integer_network(trained: Trained, tmp_path: Path) -> None:
    integers = np.random.default_rng(1).integers(-128, 128, (3, *trained.options.input_size, 3)).astype(np.int8)
    x = torch.from_numpy(integers).permute(0, 3, 1, 2).float() / 128
    graph, affine, lowered = trained.lowered(x, "minmax")
    save_network(lowered, tmp_path / "network.mfn")
    assert differences(load_network(tmp_path / "network.mfn"), graph, affine, integers) == {}
    with torch.no_grad():
        expected = trained.network(x).numpy()
    found = lowered.output.dequantise(lowered.run(integers))[:, 0, 0]
    assert _cosine(expected, found) > 0.95


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_way_to_calibrate_keeps_the_function(method: str) -> None:
    torch.manual_seed(1)
    options = nets.options_of("facenet", SMALL_FACENET)
    small = Trained("facenet", nets.build("facenet", options).eval(), options)
    x = torch.rand(3, 3, *options.input_size) * 2 - 1
    _, _, lowered = small.lowered(x, method)
    integers = torch.round(x * 128).clamp(-128, 127).to(torch.int8).permute(0, 2, 3, 1).numpy()
    found = lowered.output.dequantise(lowered.run(integers))[:, 0, 0]
    assert _cosine(small.network(x).detach().numpy(), found) > 0.95


def test_it_runs_on_the_emulated_chip(trained: Trained) -> None:
    """`measure_on_chip` plans, builds, emulates, and compares with the integer network."""
    pytest.importorskip("unicorn", reason="the emulated chip needs unicorn (the extra `emulator`)")
    _, _, lowered = trained.lowered(torch.rand(2, 3, *trained.options.input_size) * 2 - 1, "minmax")
    figures = measure_on_chip(lowered, Target.load("nrf52840"))
    assert figures.macs == lowered.macs == nets.empty_size(trained.name, trained.options).macs
    planned = plan(lowered, Target.load("nrf52840"))
    assert planned.fits
    assert figures.arena_bytes == planned.arena_bytes


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def test_networks_have_the_sizes_of_their_papers() -> None:
    assert _size("mobilenet_v2", width=0.5, embedding=128).macs == 17_769_280
    paper = _size("mobilefacenet", width=1, resolution=112, embedding=128)
    assert (paper.macs // 10**6, round(paper.parameters, -4)) == (220, 990_000)
    assert _size("squeezenet", head="mean").parameters == 722_496  # features as published, a bias per channel
    assert _size("faceidnet").parameters < 450_000


def test_default_face_networks_keep_their_budgets() -> None:
    small, large = _size("facenet"), _size("slimface", embedding=256)
    assert small.macs < 20_000_000 and small.parameters < 1_000_000
    assert large.macs < 100_000_000 and large.parameters < 1_000_000
    assert 190_000 < _size("mobilefacenet", width=0.38).parameters < 210_000
    assert 1_150_000 < _size("mobilefacenet", width=1.06).parameters < 1_250_000


def test_faceidnet_reads_standing_crops_and_ends_in_a_map_of_5_by_3() -> None:
    options = nets.options_of("faceidnet", {})
    graph = trace(nets.build("faceidnet", options), options.input_size, "faceidnet")
    assert options.input_size == (160, 120)
    assert graph.nodes[-2].shape == (512, 5, 3)
    assert graph.output.shape == (512, 1, 1)


def test_heads() -> None:
    fingerprint = nets.options_of("mobilenet_v2", {"head": "mean", "last_channels": 0, "width": 0.5})
    assert fingerprint.embedding == 640
    assert nets.options_of("squeezenet", {"head": "mean"}).embedding == 512
    with pytest.raises(UserError, match="choose one of linear"):
        nets.options_of("squeezenet", {"head": "cosine"})


def _size(name: str, **options: object) -> nets.Size:
    return nets.empty_size(name, nets.options_of(name, options))


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
