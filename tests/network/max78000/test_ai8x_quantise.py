"""Checkpoints as the vendor's training leaves them: quantised by the vendor's rule, written out here by hand."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.errors import UserError
from microface.network.convert.ai8x.checkpoint import read_checkpoint
from microface.network.convert.ai8x.quantise import quantise_layer, widest_shift


def test_shift() -> None:
    weights, bias = np.array([0.3, -0.49]), np.array([0.1])
    assert widest_shift(weights, bias, 8) == 1
    assert widest_shift(np.array([1.0]), bias, 8) == 0
    assert widest_shift(np.array([1.01]), bias, 8) == -1
    assert widest_shift(weights, bias, 8, quantile=0.0) == 3
    assert widest_shift(np.zeros(1), np.zeros(0), 4) == 19 and widest_shift(np.array([1e9]), bias, 4) == -11


@given(st.integers(0, 2**32), st.sampled_from([8, 4, 2, 1]), st.floats(1e-3, 30))
def test_integers_value_by_value(seed: int, bits: int, size: float) -> None:
    random = np.random.default_rng(seed)
    weights, bias = size * random.normal(size=(3, 2)), size * random.normal(size=3)
    largest = max(map(abs, [*weights.flat, *bias]))
    shift = min(max(math.floor(math.log2(1 / largest)), -7 - bits), 23 - bits)
    found = quantise_layer(weights, bias, bits)
    assert found.bias is not None and found.output_shift == -shift
    for value, integer in zip([*weights.flat, *bias], [*found.weights.flat, *found.bias], strict=True):
        wanted = math.floor(value * 2 ** (bits - 1) * 2.0**shift + 0.5)
        assert integer == min(max(wanted, -(2 ** (bits - 1))), 2 ** (bits - 1) - 1)


def test_a_trained_checkpoint_is_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="checkpoints need torch (the extra `train`)")
    state = {
        "conv1.op.weight": torch.tensor([[[[0.3]]], [[[-0.2]]]]), "conv1.op.bias": torch.tensor([0.1, -0.4]),
        "conv1.weight_bits": torch.tensor([4.0]), "conv1.output_shift": torch.tensor([0.0]),
        "fc.op.weight": torch.tensor([[3.0, -7.0]]), "fc.weight_bits": torch.tensor([0.0]),
        "fc.output_shift": torch.tensor([-2.0]),
    }  # fmt: skip
    path = tmp_path / "qat.pth.tar"
    torch.save({"epoch": 3, "state_dict": state, "arch": "mine"}, path)
    arch, (conv, fc) = read_checkpoint(path)
    assert arch == "mine" and conv.bias is not None
    assert (conv.weights.ravel().tolist(), conv.bias.tolist(), conv.output_shift) == ([5, -3], [2, -6], -1)
    assert (fc.weights.tolist(), fc.bias, fc.output_shift, fc.weight_bits) == ([[3, -7]], None, -2, 8)
    state["conv1.op.weight"] = torch.tensor([[[[float("nan")]]]])
    stream = io.BytesIO()
    torch.save({"epoch": 3, "state_dict": state}, stream)
    path.write_bytes(stream.getvalue())
    with pytest.raises(UserError, match="no numbers"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("output_shift", [], "has no number in fc.output_shift"),
        ("weight_bits", "eight", "has no number in fc.weight_bits"),
        ("op.bias", [[1.0, 2.0]], "that are no numbers"),
        ("op.weight", [[]], "that are no numbers"),
    ],
)
def test_numbers_that_are_none_are_named(tmp_path: Path, key: str, value: object, message: str) -> None:
    torch = pytest.importorskip("torch", reason="checkpoints need torch (the extra `train`)")
    given = value if isinstance(value, str) else torch.tensor(value)
    state = {"fc.op.weight": torch.tensor([[3.0, -7.0]]), f"fc.{key}": given}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "one.pth.tar")
    with pytest.raises(UserError, match=message):
        read_checkpoint(tmp_path / "one.pth.tar")


def test_parameters_that_still_learn_are_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="checkpoints need torch (the extra `train`)")
    state = {"fc.op.weight": torch.nn.Parameter(torch.tensor([[3.0, -7.0]]))}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "one.pth.tar")
    assert read_checkpoint(tmp_path / "one.pth.tar")[1][0].weights.tolist() == [[3, -7]]
