"""The limits of memory are real: one step too far and the chip faults, and the fault names the place."""

from pathlib import Path

import numpy as np
import pytest

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.faults import ChipFault
from microface.chip.firmware.build import Options, build
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.linker import LinkLayout
from microface.chip.plan import plan
from microface.chip.plan.planner import arena_alignment
from microface.chip.targets import Target
from microface.network import IntegerNetwork
from microface.network.anchor import RandomBuilder

CHIPS = ["stm32h743zi", "nrf52840", "gap8"]


@pytest.fixture(scope="module")
def network() -> IntegerNetwork:
    """A small face network with all kinds of layers."""
    builder = RandomBuilder((32, 32, 3), 5)
    x = builder.conv("stem", "input", 16, kernel=3, stride=2)
    y = builder.conv("project", builder.depthwise("dw", builder.conv("expand", x, 48)), 16, relu=False)
    builder.dense("end", builder.mean("mean", builder.conv("last", builder.add("add", x, y), 64)), 32)
    return builder.build("limits")


@pytest.fixture(scope="module", params=CHIPS)
def target(request: pytest.FixtureRequest) -> Target:
    """Each shipped chip."""
    return Target.load(request.param)


def layout_of(network: IntegerNetwork, target: Target, stack: int | None = None, shift: int = 0) -> LinkLayout:
    """Return the planned memory with another stack or with the arena moved up."""
    planned = plan(network, target)
    slot = planned.gallery.bytes // 2
    address = target.memory(planned.arena_memory).end - planned.arena_bytes + shift
    return LinkLayout(stack or planned.stack_bytes, planned.arena_bytes, planned.arena_memory, slot, address)


def run(network: IntegerNetwork, target: Target, folder: Path, layout: LinkLayout) -> EmulatedDevice:
    """Build with `layout`, run one input, compare with numpy, and return the device."""
    device = EmulatedDevice(build(network, target, folder, options=Options(layout=layout)))
    inputs = np.random.default_rng(0).integers(-128, 128, (1, *network.input.shape)).astype(np.int8)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    return device


def test_as_planned_it_runs_between_the_first_and_the_last_byte(
    network: IntegerNetwork, target: Target, tmp_path: Path
) -> None:
    firmware = build(network, target, tmp_path / "fw")
    device = EmulatedDevice(firmware)
    inputs = np.zeros((1, *network.input.shape), np.int8)
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    symbols = device.chip.firmware.symbols
    stack, arena = target.memory(target.placement.stack), target.memory(firmware.facts["plan"]["arena_memory"])
    assert symbols["mf_stack_bottom"].address == stack.origin
    assert symbols["mf_arena_end"].address == arena.end
    assert symbols["mf_arena_end"].address - symbols["mf_arena_start"].address == firmware.arena_bytes


def test_arena_one_unit_higher_faults_past_its_bank(network: IntegerNetwork, target: Target, tmp_path: Path) -> None:
    layout = layout_of(network, target, shift=arena_alignment(target))
    with pytest.raises(ChipFault) as caught:
        run(network, target, tmp_path / "fw", layout)
    assert f"past the end of {layout.arena_memory}" in caught.value.region
    assert "outside memory" in caught.value.kind


def test_stack_eight_bytes_too_small_faults_as_overflow(
    network: IntegerNetwork, target: Target, tmp_path: Path
) -> None:
    needed = run(network, target, tmp_path / "wide", layout_of(network, target)).last
    assert needed is not None
    exact = run(network, target, tmp_path / "exact", layout_of(network, target, needed.stack_bytes))
    assert exact.last is not None
    assert exact.last.stack_bytes == needed.stack_bytes
    with pytest.raises(ChipFault) as caught:
        run(network, target, tmp_path / "small", layout_of(network, target, needed.stack_bytes - 8))
    assert caught.value.kind == "stack overflow"
    assert f"below {target.placement.stack}" in caught.value.region


def test_firmware_that_was_read_again_is_the_same(network: IntegerNetwork, target: Target, tmp_path: Path) -> None:
    built = build(network, target, tmp_path / "fw")
    assert Firmware.load(tmp_path / "fw").facts == built.facts
