"""Integer meaning of the MAX78000's hardware layers: sums written out, known answers, files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.errors import UserError
from microface.network import IntegerNetwork, Tensor, load_network, save_network
from microface.network.ops.max78000 import AcceleratorConv, Passthrough
from microface.network.ops.max78000.pooling import average, combine
from microface.network.requantise import NoRequantise, ShiftHalfUp


def conv(weights: np.ndarray, bias: np.ndarray, **fields: object) -> AcceleratorConv:
    fields.setdefault("requantise", ShiftHalfUp(7))
    return AcceleratorConv("layer", ("x",), "y", weights=weights.astype(np.int8), bias=bias.astype(np.int8), **fields)


def network_of(
    operator: AcceleratorConv | Passthrough, shape: tuple[int, int, int], dtype: str = "s8"
) -> IntegerNetwork:
    tensors = {name: Tensor(name, shape, "s8", 1 / 128) for name in operator.inputs}
    tensors["y"] = Tensor("y", operator.shape(*([shape] * len(operator.inputs))), dtype, 1 / 128)
    return IntegerNetwork("one", tensors, (operator,), operator.inputs, ("y",))


def by_hand(x: np.ndarray, weights: np.ndarray, bias: np.ndarray, pad: int, shift: int, bits: int) -> np.ndarray:
    """The sum and y = floor(acc * 2^s / 128 + 1/2) as plain loops over exact integers."""
    padded = np.pad(x.astype(int), ((pad, pad), (pad, pad), (0, 0)))
    outputs, size = weights.shape[:2]
    rows, columns = padded.shape[0] - size + 1, padded.shape[1] - size + 1
    result = np.zeros((rows, columns, outputs), int)
    for r, c, o in np.ndindex(rows, columns, outputs):
        acc = int((padded[r : r + size, c : c + size] * weights[o].astype(int)).sum()) + 128 * int(bias[o])
        scaled = acc * 2 ** (shift + 8 - bits + 15)  # 2^15 keeps every shift whole
        result[r, c, o] = min(max((scaled + (128 << 14)) // (128 << 15), -128), 127)
    return result


@given(data=st.data(), bits=st.sampled_from([1, 2, 4, 8]), size=st.sampled_from([1, 3]), pad=st.integers(0, 2))
def test_a_convolution_is_its_sum_written_out(data, bits, size, pad):
    pad = min(pad, size - 1)
    height, width, channels, outputs = (data.draw(st.integers(3, 6)) for _ in range(4))
    shift = data.draw(st.integers(-15 - (8 - bits), 15 - (8 - bits)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    weights = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), (outputs, size, size, channels))
    bias, x = rng.integers(-128, 128, outputs), rng.integers(-128, 128, (height, width, channels))
    layer = conv(weights, bias, requantise=AcceleratorConv.rounding(shift, bits), weight_bits=bits, padding=(pad, pad))
    assert layer.output_shift == shift
    got = network_of(layer, (height, width, channels)).run(x[None].astype(np.int8))[0]
    np.testing.assert_array_equal(got, by_hand(x, weights, bias, pad, shift, bits))


@given(acc=st.integers(-(2**31) + 1, 2**31 - 1), s=st.integers(-15, 15))
def test_the_shift_rounds_half_up_and_not_half_to_even(acc, s):
    got = int(ShiftHalfUp(7 - s).apply(np.array([acc]))[0])
    exact = (acc * 2 ** (s + 15) + (128 << 14)) // (128 << 15)
    assert got == min(max(exact, -128), 127)


def test_halves_go_up():
    assert ShiftHalfUp(7).apply(np.array([64, -64, 192, -192])).tolist() == [1, 0, 2, -1]


@given(total=st.integers(-128 * 256, 127 * 256), count=st.integers(1, 256))
def test_averages_truncate_toward_zero_or_round_half_away(total, count):
    sums = np.array([total])
    assert int(average(sums, count, False)[0]) == max(-128, min(127, int(total / count)))
    away = int(np.sign(total)) * ((abs(total) * 2 + count) // (2 * count))
    assert int(average(sums, count, True)[0]) == max(-128, min(127, away))


def test_a_pool_runs_in_front_of_the_convolution():
    x = np.arange(16, dtype=np.int8).reshape(1, 4, 4, 1)
    layer = conv(np.full((1, 1, 1, 1), 64), np.zeros(1), pool="max", pool_size=(2, 2), pool_stride=(2, 2))
    assert network_of(layer, (4, 4, 1)).run(x).ravel().tolist() == [3, 4, 7, 8]  # 5/2, 7/2, 13/2, 15/2 half up


@pytest.mark.parametrize(("how", "expected"), [("add", 127), ("sub", -1), ("or", 101), ("xor", 1)])
def test_element_wise_operations_are_cut_to_eight_bits(how, expected):
    one, two = np.full((1, 1, 1, 1), 100, np.int8), np.full((1, 1, 1, 1), 101, np.int8)
    assert combine([one, two], how).item() == expected


def test_abs_and_relu_come_last_and_a_wide_output_is_the_sum():
    x = np.full((1, 1, 1, 1), -128, np.int8)
    weights, bias = np.full((1, 1, 1, 1), 127), np.full(1, -1)
    assert network_of(conv(weights, bias, activation="abs"), (1, 1, 1)).run(x).item() == 127
    assert network_of(conv(weights, bias, activation="relu"), (1, 1, 1)).run(x).item() == 0
    assert (
        network_of(conv(weights, bias, requantise=NoRequantise()), (1, 1, 1), "s32").run(x).item() == -128 * 127 - 128
    )


def test_linear_reads_the_whole_picture():
    rng = np.random.default_rng(3)
    weights, x = rng.integers(-128, 128, (5, 3, 4, 2)), rng.integers(-128, 128, (1, 3, 4, 2)).astype(np.int8)
    layer = conv(weights, np.zeros(5), operation="linear", requantise=NoRequantise())
    expected = (weights * x.astype(int)).reshape(5, -1).sum(axis=1)
    assert network_of(layer, (3, 4, 2), "s32").run(x).ravel().tolist() == expected.tolist()


@given(height=st.integers(1, 5), width=st.integers(1, 5), pad=st.integers(0, 2), seed=st.integers(0, 2**32))
def test_a_transposed_convolution_scatters_its_kernel(height, width, pad, seed):
    rng = np.random.default_rng(seed)
    weights, x = rng.integers(-128, 128, (2, 3, 3, 3)), rng.integers(-128, 128, (height, width, 3))
    whole = np.zeros((2 * height + 2, 2 * width + 2, 2), int)
    for r, c in np.ndindex(height, width):
        whole[2 * r : 2 * r + 3, 2 * c : 2 * c + 3] += np.einsum("oijc,c->ijo", weights, x[r, c])
    expected = whole[pad : 2 * height + 2 - pad, pad : 2 * width + 2 - pad]
    fields = {"operation": "convtranspose2d", "padding": (pad, pad), "requantise": NoRequantise()}
    if min(expected.shape) < 1:
        return
    got = network_of(conv(weights, np.zeros(2), **fields), (height, width, 3), "s32")
    np.testing.assert_array_equal(got.run(x[None].astype(np.int8))[0], expected)


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_networks_of_this_chip_come_back_from_their_file(tmp_path: Path, bits):
    rng = np.random.default_rng(bits)
    weights = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), (3, 3, 3, 4))
    layer = conv(weights, rng.integers(-128, 128, 3), weight_bits=bits, padding=(1, 1), activation="relu", pool="max")
    network = network_of(layer, (5, 6, 4))
    save_network(network, tmp_path / "one.mfn")
    again, x = load_network(tmp_path / "one.mfn"), rng.integers(-128, 128, (2, 5, 6, 4)).astype(np.int8)
    np.testing.assert_array_equal(again.run(x), network.run(x))
    assert vars(again.operators[0]).keys() == vars(layer).keys()


def test_a_passthrough_comes_back_from_its_file(tmp_path: Path):
    layer = Passthrough("sum", ("a", "b"), "y", eltwise="add", pool="average", pool_size=(2, 3), pool_stride=(2, 2))
    tensors = {name: Tensor(name, (4, 5, 2), "s8", 1 / 128) for name in ("a", "b")}
    tensors["y"] = Tensor("y", (2, 2, 2), "s8", 1 / 128)
    save_network(IntegerNetwork("sum", tensors, (layer,), ("a", "b"), ("y",)), tmp_path / "sum.mfn")
    assert vars(load_network(tmp_path / "sum.mfn").operators[0]) == vars(layer)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weight_bits": 4}, "breaks rule weight_range"),
        ({"weight_bits": 3}, "breaks rule weight_bits: has 3"),
        ({"activation": "relu6"}, "activates by relu6"),
        ({"pool": "median"}, "has the pool median"),
        ({"operation": "conv3d"}, "is a conv3d"),
        ({"eltwise": "add"}, "has 1 inputs"),
        ({"requantise": NoRequantise()}, "gives s32, not s8"),
    ],
)
def test_what_the_hardware_cannot_do_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        network_of(conv(np.full((1, 1, 1, 1), 100), np.zeros(1), **fields), (3, 3, 1))
