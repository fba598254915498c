"""3x3 depthwise layers take their input's place where it dies; blocks do not take each other's layers."""

from dataclasses import replace

from bent_networks import with_prelus
from microface.chip.plan import plan
from microface.chip.plan.calls import list_calls
from microface.chip.plan.kernels import choose
from microface.chip.plan.kernels.inverted_residual import COMFORT_BYTES, largest_tensor
from microface.chip.plan.lifetimes import lifetimes
from microface.chip.targets import Target
from microface.network import IntegerNetwork
from microface.network.anchor import RandomBuilder

CHIP = Target.load("stm32h743zi")


def homes(network: IntegerNetwork) -> dict[str, str]:
    calls = list_calls(network, CHIP.features, choose)
    return dict(lifetimes(network, calls).home)


def chain(adds: bool, stride: int = 1) -> RandomBuilder:
    """A convolution, a depthwise one, a convolution; perhaps the sum of the first two in between."""
    builder = RandomBuilder((24, 24, 3), 3)
    stem = builder.conv("stem", "input", 32, 3)
    wide = builder.depthwise("depthwise", stem, stride)
    builder.conv("last", builder.add("sum", stem, wide) if adds else wide, 8, 3)
    return builder


def test_a_depthwise_layer_takes_the_place_of_an_input_that_dies() -> None:
    assert homes(chain(False).build("chain"))["depthwise"] == "stem"
    assert homes(chain(True).build("chain"))["depthwise"] == "depthwise"
    assert homes(chain(False, stride=2).build("chain"))["depthwise"] == "depthwise"
    read_later = chain(False).build("chain")
    assert homes(replace(read_later, outputs=("stem", "last")))["depthwise"] == "depthwise"


def test_the_arena_then_holds_it_once() -> None:
    network = chain(False).build("chain")
    assert 24 * 24 * 32 <= plan(network, CHIP).arena_bytes < 2 * 24 * 24 * 32


def blocks() -> IntegerNetwork:
    """Depthwise first, then a block that widens its input to four times and ends wider than it is inside."""
    builder = RandomBuilder((48, 48, 3), 4)
    x = builder.depthwise("depthwise", builder.conv("stem", "input", 16, 3))
    x = builder.depthwise("inner", builder.conv("expand", x, 48), 2)
    builder.conv("project", x, 64, relu=False)
    return builder.build("blocks")


def test_a_layer_that_widens_belongs_to_the_block_that_it_begins() -> None:
    steps = [step.operators for step in plan(blocks(), CHIP).steps]
    assert steps == [("stem",), ("depthwise",), ("expand", "inner", "project")]


def test_blocks_with_prelus_are_one_call_too() -> None:
    planned = plan(with_prelus(blocks(), without=("project",)), CHIP)
    assert planned.steps[-1].function == "mf_inverted_residual_s8_prelu_dsp"
    assert planned.steps[-1].operators == ("expand", "inner", "project")


def test_strips_are_as_high_as_the_largest_tensor_allows() -> None:
    small = blocks()
    assert largest_tensor(small) == 48 * 48 * 16 < COMFORT_BYTES
    builder = RandomBuilder((96, 96, 3), 5)
    x = builder.conv("narrow", builder.conv("large", "input", 32, 3), 24, 3, 4)
    builder.conv("project", builder.depthwise("inner", builder.conv("expand", x, 96)), 24, relu=False)
    large = builder.build("large")
    assert largest_tensor(large) == 96 * 96 * 32
    scratch = next(b.bytes for b in plan(large, CHIP).buffers if b.name == "scratch of project")
    assert COMFORT_BYTES < scratch < 96 * 96 * 32
