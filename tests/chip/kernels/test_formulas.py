"""What the formulas of fast kernels estimate is what an emulated core counts, within 3 percent per call."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kernel_chip import Chip

from bent_networks import with_prelus
from microface.chip.plan.kernels import Kernel, choose
from microface.chip.targets import Target
from microface.network import IntegerNetwork, Tensor
from microface.network.anchor import RandomBuilder
from microface.network.ops import Concat, Operator, Prelu, WeightedOperator

Draw = Callable[[RandomBuilder], str]


def _pair(builder: RandomBuilder) -> str:
    """A residual block without expansion: its addition is a call of its own, for the block has a 5x5 window."""
    wide = builder.depthwise("depthwise", "input", kernel=5)
    return builder.add("sum", "input", wide)


def _bent(builder: RandomBuilder) -> str:
    """PRELU with slopes of both signs."""
    source = builder.tensors["input"]
    slopes = builder.random.uniform(-1, 1, source.shape[2])
    output = Tensor("y", source.shape, "s8", source.scale, source.zero_point)
    return builder.append(Prelu.with_slopes("y", "input", "y", slopes), output)


def _twins(builder: RandomBuilder) -> str:
    """Two convolutions of one input, side by side."""
    builder.conv("a", "input", 64)
    builder.conv("b", "input", 60)
    source = builder.tensors["a"]
    joined = Tensor("y", (*source.shape[:2], 124), "s8", source.scale, source.zero_point)
    return builder.append(Concat("y", ("a", "b"), "y"), joined)


def _block(wide: int, outputs: int, stride: int, adds: bool) -> Draw:
    def draw(builder: RandomBuilder) -> str:
        expanded = builder.conv("expand", "input", wide)
        narrow = builder.conv("project", builder.depthwise("depthwise", expanded, stride), outputs, relu=False)
        return builder.add("sum", "input", narrow) if adds else narrow

    return draw


CASES: dict[str, tuple[tuple[int, int, int], Draw]] = {
    "first layer": ((48, 48, 3), lambda b: b.conv("y", "input", 16, 3, 2)),
    "convolution": ((12, 12, 32), lambda b: b.conv("y", "input", 32, 3)),
    "expansion": ((24, 24, 16), lambda b: b.conv("y", "input", 96)),
    "projection": ((6, 6, 192), lambda b: b.conv("y", "input", 32)),
    "last": ((3, 3, 160), lambda b: b.conv("y", "input", 320)),
    "depthwise": ((24, 24, 16), lambda b: b.depthwise("y", "input")),
    "depthwise, stride 2": ((24, 24, 16), lambda b: b.depthwise("y", "input", 2)),
    "depthwise, odd": ((7, 7, 64), lambda b: b.depthwise("y", "input")),
    "dense": ((1, 1, 512), lambda b: b.dense("y", "input", 128)),
    "mean": ((6, 6, 128), lambda b: b.mean("y", "input")),
    "prelu": ((14, 14, 40), _bent),
    "prelu, odd": ((7, 7, 62), _bent),
    "side by side": ((13, 13, 16), _twins),
    "two calls": ((12, 12, 64), _pair),
    "inverted residual": ((12, 12, 16), _block(96, 16, 1, True)),
    "inverted residual in strips": ((24, 24, 16), _block(96, 16, 1, True)),
    "inverted residual, stride 2": ((24, 24, 16), _block(96, 24, 2, False)),
    "inverted residual, odd": ((3, 3, 80), _block(480, 80, 1, True)),
}


@pytest.fixture(scope="module", params=["stm32h743zi", "nrf52840"])
def chip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chip:
    return Chip(tmp_path_factory.mktemp(request.param), Target.load(request.param), counting=True)


def _cut(operator: Operator) -> Operator:
    """Return `operator` with its weights cut to 4 bits."""
    if not isinstance(operator, WeightedOperator):
        return operator
    return replace(operator, weights=operator.weights >> 4, weight_bits=4)


WITH_PRELUS = (
    "first layer",
    "expansion",
    "last",
    "depthwise",
    "depthwise, stride 2",
    "depthwise, odd",
    "inverted residual in strips",
    "inverted residual, odd",
)
WITH_NIBBLES = (
    "first layer",
    "last",
    "depthwise, odd",
    "dense",
    "inverted residual in strips",
    "inverted residual, odd",
)


@pytest.mark.parametrize("name", WITH_PRELUS)
def test_formula_is_the_count_with_prelus(chip: Chip, name: str) -> None:
    shape, draw = CASES[name]
    builder = RandomBuilder(shape, seed=2)
    output = draw(builder)
    straight = IntegerNetwork("case", builder.tensors, tuple(builder.operators), ("input",), (output,))
    network = with_prelus(straight, without=("project",))
    called = _compare(chip, network, builder.values["input"])
    assert any("prelu" in kernel.function for kernel in called)


@pytest.mark.parametrize(("name", "bits"), [*((name, 8) for name in CASES), *((name, 4) for name in WITH_NIBBLES)])
def test_formula_is_the_count(chip: Chip, name: str, bits: int) -> None:
    shape, draw = CASES[name]
    builder = RandomBuilder(shape, seed=1)
    output = draw(builder)
    operators = tuple(builder.operators if bits == 8 else map(_cut, builder.operators))
    network = IntegerNetwork("case", builder.tensors, operators, ("input",), (output,))
    _compare(chip, network, builder.values["input"])


FOR_RV32 = (
    "first layer",
    "convolution",
    "expansion",
    "projection",
    "last",
    "depthwise",
    "depthwise, stride 2",
    "depthwise, odd",
    "inverted residual, stride 2",
)


def test_formulas_of_rv32_are_the_counts(tmp_path: Path) -> None:
    gap8 = Chip(tmp_path, Target.load("gap8"), counting=True)
    for name in FOR_RV32:
        shape, draw = CASES[name]
        builder = RandomBuilder(shape, seed=1)
        output = draw(builder)
        network = IntegerNetwork("case", builder.tensors, tuple(builder.operators), ("input",), (output,))
        called = _compare(gap8, network, builder.values["input"])
        assert all(kernel.features for kernel in called)


def _compare(chip: Chip, network: IntegerNetwork, x: np.ndarray) -> list[Kernel]:
    """Run `network` call by call and compare bits and counts; return the kernels that ran."""
    values, called = network.run_all(x), []
    estimate = count = 0
    rest: tuple[Operator, ...] = network.operators
    while rest:
        kernel = choose(rest[0], network, chip.features)
        run = kernel.operators(rest[0], network)
        result = chip.run(kernel, run[0], network, [values[name][0] for name in kernel.inputs(run[0], network)])
        np.testing.assert_array_equal(result, values[run[-1].output][0])
        estimate += kernel.instructions(run[0], network)
        count += chip.first_count
        called.append(kernel)
        rest = rest[len(run) :]
    assert abs(estimate / count - 1) <= 0.03, (estimate, count)
    return called
