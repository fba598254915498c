"""The integer network: file round trip, checks, and the requantisation rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.errors import DamagedFileError, UserError
from microface.models import load
from microface.network import IntegerNetwork, Tensor, digest, load_network, save_network
from microface.network.nibbles import pack_nibbles, unpack_nibbles
from microface.network.ops import (
    Add,
    AveragePool,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Mean,
    WeightedOperator,
    Window,
    same_padding,
)
from microface.network.requantise import HighMul, NoRequantise


def small_network(seed: int = 0) -> IntegerNetwork:
    """Conv, depthwise, add, mean, dense on 6 x 6 x 3."""
    rng = np.random.default_rng(seed)
    tensors = [
        Tensor("x", (6, 6, 3), "s8", 1 / 128),
        Tensor("a", (6, 6, 4), "s8", 0.02, 3),
        Tensor("b", (6, 6, 4), "s8", 0.03, -5),
        Tensor("c", (6, 6, 4), "s8", 0.04, 7),
        Tensor("m", (1, 1, 4), "s8", 0.01, 0),
        Tensor("e", (1, 1, 5), "s32", 1.0),
    ]
    by_name = {t.name: t for t in tensors}
    weights = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    requantise = HighMul.from_scales(rng.uniform(1e-3, 2e-2, 4), 3)
    bias = rng.integers(-1000, 1000, 4).astype(np.int32)
    operators = (
        Conv2D("conv", ("x",), "a", weights, bias, requantise, padding=(1, 1, 1, 1)),
        DepthwiseConv2D(
            "dw", ("a",), "b", weights[0, :, :, :1].repeat(4, 2), bias,
            HighMul.from_scales(rng.uniform(1e-3, 2e-2, 4), -5), padding=(1, 1, 1, 1),
        ),
        Add.between("add", by_name["a"], by_name["b"], by_name["c"]),
        Mean.between("mean", by_name["c"], by_name["m"]),
        Dense("dense", ("m",), "e", rng.integers(-127, 128, (5, 4)).astype(np.int8),
              np.zeros(5, np.int32), NoRequantise()),
    )  # fmt: skip
    return IntegerNetwork("small", by_name, operators, ("x",), ("e",))


def test_file_round_trip_gives_the_same_bits(tmp_path: Path) -> None:
    network = small_network()
    save_network(network, tmp_path / "n.mfn")
    again = load_network(tmp_path / "n.mfn")
    x = np.random.default_rng(1).integers(-128, 128, (3, 6, 6, 3)).astype(np.int8)
    for name, value in network.run_all(x).items():
        np.testing.assert_array_equal(again.run_all(x)[name], value)
    assert digest(again) == digest(network)
    assert digest(small_network(1)) != digest(network)


def four_bits(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` with its weights cut to 4 bits."""
    operators = [
        replace(each, weights=each.weights >> 4, weight_bits=4) if isinstance(each, WeightedOperator) else each
        for each in network.operators
    ]
    return replace(network, operators=tuple(operators))


def test_weights_of_four_bits_take_half_and_come_back(tmp_path: Path) -> None:
    network = small_network()
    small = four_bits(network)
    save_network(small, tmp_path / "n.mfn")
    again = load_network(tmp_path / "n.mfn")
    assert digest(again) == digest(small) != digest(network)
    weights = sum(each.weights.size for each in network.operators if isinstance(each, WeightedOperator))
    assert weights // 2 <= network.constant_bytes - small.constant_bytes <= weights // 2 + 3
    for one, other in zip(small.operators, again.operators, strict=True):
        if isinstance(one, WeightedOperator) and isinstance(other, WeightedOperator):
            np.testing.assert_array_equal(one.weights, other.weights)
            assert other.weights.dtype == np.int8 and other.weight_bits == 4


@given(st.lists(st.integers(-8, 7), max_size=33))
def test_nibbles_come_back(values: list[int]) -> None:
    packed = pack_nibbles(np.array(values, np.int8))
    assert packed.size == (len(values) + 1) // 2
    assert unpack_nibbles(packed, (len(values),)).tolist() == values


def test_weights_wider_than_their_bits_are_refused() -> None:
    network = small_network()
    wrong = tuple(replace(each, weight_bits=4) if isinstance(each, Conv2D) else each for each in network.operators)
    with pytest.raises(UserError, match=r"outside -8\.\.7"):
        replace(network, operators=wrong)
    odd = tuple(replace(each, weight_bits=3) if isinstance(each, Conv2D) else each for each in network.operators)
    with pytest.raises(UserError, match="3 bits"):
        replace(network, operators=odd)


def test_digests_of_networks_with_weights_of_eight_bits_never_change() -> None:
    assert digest(small_network()) == "88f119a8217c3465aff38162e02781665282783ec6a6a38f48686dc27da7c5e1"
    assert load("default").model_id == "26ff29fbfeb1a6535b40564ba45a9485ca6e77d3626670fa457b72ee61bcac6d"


@pytest.mark.parametrize("position", [0, 9, 40, 400, -40, -1])
def test_one_flipped_byte_is_refused(tmp_path: Path, position: int) -> None:
    path = tmp_path / "n.mfn"
    save_network(small_network(), path)
    data = bytearray(path.read_bytes())
    data[position] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"n\.mfn"):
        load_network(path)


def test_wrong_wiring_is_refused() -> None:
    network = small_network()
    with pytest.raises(UserError, match="before they are computed"):
        IntegerNetwork("n", network.tensors, network.operators[::-1], ("x",), ("e",))


def test_accumulator_overflow_is_refused() -> None:
    tensors = {"x": Tensor("x", (1, 1, 1), "s8", 1.0), "y": Tensor("y", (1, 1, 1), "s8", 1.0)}
    rule = HighMul.from_scales(np.array([1.0]), 0)
    bias = np.array([1 << 30], np.int32)
    operator = Dense("d", ("x",), "y", np.ones((1, 1), np.int8), bias, rule)
    with pytest.raises(UserError, match="overflow"):
        IntegerNetwork("n", tensors, (operator,), ("x",), ("y",))


@given(st.floats(1e-7, 1000.0), st.integers(-(2**20), 2**20))
def test_highmul_is_the_rounded_product(scale: float, accumulator: int) -> None:
    rule = HighMul.from_scales(np.array([scale]), 0, -(2**62), 2**62)
    value = int(rule.apply(np.array([accumulator]))[0])
    assert abs(value - scale * accumulator) <= 0.5 + abs(accumulator) * 2.0 ** (int(rule.left[0]) - 33) + 1e-6
    assert 0 < rule.multiplier[0] < 2**31
    assert rule.left[0] == 0 or scale >= 0.5 - 2.0**-33


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_conv_equals_the_sum_written_out(
    height: int, width: int, kernel: int, stride: int, channels: int, dilation: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    padding = (kernel * dilation // 2,) * 4
    source = Tensor("x", (height, width, channels), "s8", 1.0, int(rng.integers(-128, 128)))
    x = rng.integers(-128, 128, (1, *source.shape)).astype(np.int8)
    weights = rng.integers(-128, 128, (2, kernel, kernel, channels)).astype(np.int8)
    bias = rng.integers(-9999, 9999, 2).astype(np.int32)
    conv = Conv2D("c", ("x",), "y", weights, bias, NoRequantise(), (stride, stride), padding, (dilation, dilation))
    if (kernel - 1) * dilation + 1 > min(height, width) + 2 * padding[0]:
        with pytest.raises(UserError):
            conv.shape(source.shape)
        return
    result = conv.run([x], [source])[0]
    assert result.shape == conv.shape(source.shape)
    for oy, ox, o in np.ndindex(*result.shape):
        total = int(bias[o])
        for ky, kx, i in np.ndindex(kernel, kernel, channels):
            row, column = oy * stride - padding[0] + ky * dilation, ox * stride - padding[2] + kx * dilation
            if 0 <= row < height and 0 <= column < width:
                total += (int(x[0, row, column, i]) - source.zero_point) * int(weights[o, ky, kx, i])
        assert result[oy, ox, o] == total


@given(st.floats(0.001, 10), st.floats(0.001, 10), st.floats(0.01, 10), st.integers(0, 2**32 - 1))
def test_add_is_within_one_of_the_real_sum(sa: float, sb: float, so: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    za, zb, zo = (int(z) for z in rng.integers(-128, 128, 3))
    a, b, out = (Tensor(n, (2, 2, 2), "s8", s, z) for n, s, z in (("a", sa, za), ("b", sb, zb), ("o", so, zo)))
    add = Add.between("add", a, b, out)
    add.check([a, b], out)
    xa, xb = rng.integers(-128, 128, (2, 1, 2, 2, 2)).astype(np.int8)
    real = (a.dequantise(xa) + b.dequantise(xb)) / so + zo
    slack = 0.51 + 256 * 2.0 ** (-add.shift)
    assert np.all(np.abs(add.run([xa, xb], [a, b]) - np.clip(real, -128, 127)) <= slack)


def test_average_pool_divides_by_the_real_pixels() -> None:
    source, out = Tensor("x", (3, 3, 1), "s8", 0.5, 4), Tensor("y", (3, 3, 1), "s8", 0.5, 4)
    pool = AveragePool.between("p", source, out, Window((3, 3), (1, 1), (1, 1, 1, 1)))
    x = np.arange(9, dtype=np.int8).reshape(1, 3, 3, 1) * 6
    assert pool.counts.tolist() == [4, 6, 9]
    assert pool.run([x], [source])[0, :, :, 0].tolist() == [[12, 15, 18], [21, 24, 27], [30, 33, 36]]


def test_same_padding_gives_tensorflow_geometry() -> None:
    assert same_padding((96, 96), (3, 3), (2, 2)) == (0, 1, 0, 1)
    assert same_padding((7, 7), (3, 3), (1, 1)) == (1, 1, 1, 1)
