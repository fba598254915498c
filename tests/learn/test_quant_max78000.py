# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Quantisation for the MAX78000: the fake quantiser, the simulation and the integer network agree on every value."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

import typer
from faces import write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from typer.testing import CliRunner

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.cli.quantize import quantize
from microface.cli.train import train
from microface.errors import UserError
from microface.learn import nets
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.max78000 import FitOptions, Fitted, RoundedNetwork, differences, fit, lower
from microface.learn.quant.max78000.bits import parse_bits
from microface.learn.quant.max78000.weights import best_shift, integers_of
from microface.learn.quant.trace import trace
from microface.models.package import ModelPackage
from microface.network import load_network, save_network
from microface.network.ops.max78000 import AcceleratorConv, Passthrough
from microface.photos.preprocess import Preprocess

TARGET = Target.load("max78000")


class Odd(nn.Module):
    """A sum, an average in front of a convolution, one behind, and a linear layer over a map."""

    def __init__(self, wide: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.pool = nn.AvgPool2d((3, 2), stride=2)
        self.third = nn.Conv2d(8, 12, 3)
        self.last = nn.Linear(12 * 3 * 3, 5) if wide else nn.Conv2d(12, 5, 1)
        self.wide = wide

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = torch.relu(self.first(x))
        b = self.third(self.pool(a + self.second(a)))
        return self.last(torch.relu(b).flatten(1)) if self.wide else self.last(b).mean((2, 3))


def _integers(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return smooth inputs int8 [4, H, W, C]: noise alone averages out."""
    random = np.random.default_rng(seed)
    coarse = random.integers(-128, 128, (4, shape[1] // 4 + 1, shape[2] // 4 + 1, shape[0])).astype(np.int8)
    return np.ascontiguousarray(coarse.repeat(4, 1).repeat(4, 2)[:, : shape[1], : shape[2]])


def _real(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128


def _check(graph: FloatGraph, options: FitOptions, tmp_path: Path) -> tuple[Fitted, float]:
    """Compare module, simulation and saved integer network; return the fitted graph and the cosine to the float one."""
    x = _integers(graph.input_shape)
    fitted = fit(graph, [_real(x)], options)
    save_network(lower(fitted), tmp_path / "network.mfn")
    network = load_network(tmp_path / "network.mfn")
    assert differences(network, fitted, x) == {}
    found = network.output.dequantise(network.run(x))[:, 0, 0]
    with torch.no_grad():
        assert np.array_equal(RoundedNetwork(fitted)(_real(x)).numpy(), found.astype(np.float32))
    wanted = execute(graph, _real(x), weights_of(graph), lambda _name, value: value).numpy()
    lengths = np.maximum(np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1), 1e-9)
    return fitted, float(((found * wanted).sum(1) / lengths).mean())


def _all(graph: FloatGraph, bits: int) -> dict[str, int]:
    return {node.name: bits for node in graph.weighted()}


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
@pytest.mark.parametrize("wide", [True, False])
def test_every_bit_agrees_at_all_bits(bits: int, wide: bool, tmp_path: Path) -> None:
    torch.manual_seed(bits)
    graph = trace(Odd(wide), (12, 10), "odd")
    fitted, cosine = _check(graph, FitOptions(bits=_all(graph, bits), wide=wide), tmp_path)
    assert cosine > {8: 0.999, 4: 0.97, 2: 0.6, 1: -1}[bits]
    assert plan_accelerator(lower(fitted), TARGET).weight_bytes > 0


@pytest.mark.parametrize("name", [*nets.names("presence"), "faceidnet", "faceid"])
def test_families_of_this_chip(name: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    wide = not name.startswith("faceid")
    options = nets.options_of(name, {"resolution": 40} if wide else {"resolution": 72, "embedding": 32})
    shape = options.input_shape
    graph = trace(nets.build(name, options), shape[1:], name, shape[0])
    fitted, cosine = _check(graph, FitOptions(wide=wide), tmp_path)
    assert cosine > 0.99
    assert plan_accelerator(lower(fitted), TARGET).layers[-1].layer.wide == wide


def test_published_networks_keep_their_convolutions_without_biases() -> None:
    options = nets.options_of("facenet_v7", {})
    graph = trace(nets.build("facenet_v7", options), 88, "v7")
    fitted = fit(graph, [_real(_integers((3, 88, 88)))], FitOptions(mend=False, wide=True))
    assert plan_accelerator(lower(fitted), TARGET).bias_bytes == 2
    free = {name for name, bias in RoundedNetwork(fitted).biases.items() if bias.requires_grad}
    assert free == {"classifier"}


def test_the_mean_goes_in_front_of_a_1x1_convolution_unless_a_wide_pool_would_be_left() -> None:
    for name, last in (("faceidnet", AcceleratorConv), ("faceid", Passthrough)):
        options = nets.options_of(name, {"resolution": 72, "embedding": 16})
        graph = trace(nets.build(name, options), options.input_size, name)
        network = lower(fit(graph, [_real(_integers((3, *options.input_size)))], FitOptions()))
        assert isinstance(network.operators[-1], last)
        plan_accelerator(network, TARGET)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([8, 4, 2, 1]), st.floats(1e-4, 50), st.floats(1e-4, 50))
def test_integers_keep_to_their_bits(seed: int, bits: int, weight: float, bias: float) -> None:
    random = np.random.default_rng(seed)
    graph = trace(nn.Sequential(nn.Conv2d(3, 4, 3)), 5, "one")
    (node,) = graph.weighted()
    weights, biases = weight * random.normal(size=node.weights.shape), bias * random.normal(size=4)
    shift = best_shift(weights, biases, bits, 0.3)
    assert -7 - bits <= shift <= 23 - bits
    values = {node.name: (weights.astype(np.float32), biases.astype(np.float32))}
    changed = graph.with_weights(values).changed({})
    steps = np.full(4, 2.0 ** -(bits - 1 + shift))
    (chosen,) = [type(node)(**{**vars(each), "bits": bits, "steps": steps}) for each in changed.weighted()]
    integers = integers_of(chosen)
    assert integers.shift == shift
    assert -(1 << (bits - 1)) <= integers.weights.min() <= integers.weights.max() < 1 << (bits - 1)


def test_training_follows_the_rounded_network() -> None:
    """A few steps on a task: the loss falls, and what was trained is what the integers give."""
    torch.manual_seed(0)
    graph = trace(Odd(wide=True), (12, 10), "odd")
    x = _integers(graph.input_shape)
    network = RoundedNetwork(fit(graph, [_real(x)], FitOptions(bits=_all(graph, 4), wide=True)))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        loss = nn.functional.cross_entropy(network(_real(x)), torch.tensor([0, 1, 2, 3]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    result = network.result()
    lowered = lower(result)
    assert differences(lowered, result, x) == {}
    assert (lowered.run(x)[:, 0, 0].argmax(1) == network(_real(x)).argmax(1).numpy()).all()


def test_stretched_weights_use_more_of_their_integers(tmp_path: Path) -> None:
    """Stretched by a quarter: the integers of layers of 8 bits grow, those of 4 bits stay, all agree to the bit."""
    torch.manual_seed(2)
    graph = trace(Odd(wide=True), (12, 10), "odd")
    bits = {"third": 4}
    plain, _ = _check(graph, FitOptions(bits=bits, mend=False, wide=True), tmp_path)
    fitted, cosine = _check(graph, FitOptions(bits=bits, mend=False, wide=True, stretch=1.25), tmp_path)
    assert cosine > 0.98
    for node, same in zip(fitted.graph.weighted(), plain.graph.weighted(), strict=True):
        gain = 1.0 if node.name == "third" else 1.25
        assert np.allclose(node.weights, gain * same.weights)


def test_what_the_chip_cannot_do_is_named() -> None:
    for layer, fault in ((nn.Conv2d(3, 3, 3, groups=3), "one by one"), (nn.Conv2d(3, 4, 3, stride=2), "the stride")):
        graph = trace(nn.Sequential(layer), 9, "odd")
        with pytest.raises(UserError, match=fault):
            fit(graph, [torch.zeros(1, 3, 9, 9)], FitOptions())
    graph = trace(nn.Sequential(nn.Conv2d(3, 4, 3)), 9, "one")
    with pytest.raises(UserError, match="use 8, 4, 2, 1"):
        parse_bits(["3"], graph)
    with pytest.raises(UserError, match="names no layer"):
        parse_bits(["top=4"], graph)
    assert parse_bits(["4", "0=2"], graph) == {"0": 2}


def test_from_the_command_line(tmp_path: Path) -> None:
    """A run of an embedding network is calibrated, trained with rounding, packed and placed."""
    app = typer.Typer()
    app.command("train")(train)
    app.command("quantize")(quantize)
    data = write_dataset(tmp_path / "data", crop=Preprocess.loose(36, 48))
    common = ["--data", str(data), "--output", str(tmp_path / "run"), "--batch", "32", "--threads", "1"]
    net = ["--net", "faceidnet", "--option", "resolution=36", "--option", "embedding=32", "--epochs", "0.5"]
    options = ["--target", "max78000", "--size", "16", "--steps", "3", "--bits", "4", "--bits", "conv1=8"]
    options += ["--scale", "1.05", "--report", str(tmp_path / "report.png")]
    package = tmp_path / "mine.mface"
    for arguments in (
        ["train", *common, *net],
        ["quantize", str(tmp_path / "run"), "--output", str(package), *options],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, (result.output, result.exception)
    assert "weights of 4 bits in 7 of 8 layers" in result.output
    layers = {layer["name"]: layer for layer in json.loads((tmp_path / "report.json").read_text())["layers"]}
    convolutions = [layer for layer in layers.values() if layer["weights"]]
    assert len(convolutions) == 8 and all(layer["bits"] == 8 for layer in convolutions)
    assert max(layer["four_bits"] for layer in convolutions) > max(layer["alone"] for layer in convolutions) > 0
    assert (tmp_path / "report.png").stat().st_size > 0
    plan_accelerator(ModelPackage.load(package).network, TARGET)
