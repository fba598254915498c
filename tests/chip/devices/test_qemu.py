from collections.abc import Iterator
from pathlib import Path

import pytest
from chips import build_fixture, chips_of

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault
from microface.chip.devices.qemu import QemuChip, board_target, find_qemu
from microface.chip.targets import Target
from microface.errors import UserError


@pytest.fixture(scope="session", params=chips_of("cortex-m"))
def target(request: pytest.FixtureRequest) -> Target:
    return Target.load(request.param)


@pytest.fixture(scope="session")
def elf(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fixture(target, tmp_path_factory.mktemp(target.name))


@pytest.fixture(scope="module")
def qemu(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuChip]:
    if find_qemu() is None:
        pytest.skip("qemu-system-arm is not installed")
    board = board_target(target)
    with QemuChip(board, build_fixture(board, tmp_path_factory.mktemp("qemu")), seconds=20) as chip:
        yield chip


CALLS = [
    ("count_loop", 1234),
    ("count_conditional", 1),
    ("count_straight", 9),
    ("count_outer", 20),
    ("recurse", 20),
    ("sum_of_six", 1, -2, 3, 4, -5, 6),
    ("dot_pairs", 0x7FFF8000, 0x80007FFF, -5),
    ("high_product", -(2**31), -(2**31)),
    ("scale", -7),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_both_emulators_compute_the_same(qemu, chip, call):
    assert qemu.call(*call) == chip.call(*call)


def test_both_count_the_same(qemu, chip, tmp_path):
    trace = tmp_path / "trace"
    calls = (*CALLS, ("count_conditional", 0), ("count_jumped", 1))
    with QemuChip(qemu.target, qemu.firmware.path, trace=trace) as traced:
        for call in calls:
            before = executed(traced, trace)
            traced.call(*call)
            assert executed(traced, trace) - before == chip.run(*call).instructions


def executed(chip: QemuChip, trace: Path) -> int:
    chip.read("count_loop", 4)  # an answer means that what came before is in the trace
    return sum(line.startswith("Trace") for line in trace.read_text().splitlines())


@pytest.mark.parametrize("function", ["load_many", "load_two", "store_two", "load_float"])
@pytest.mark.parametrize("shift", [0, 1, 2, 3])
def test_both_find_the_same_unaligned_accesses(qemu, elf, target, function, shift):
    strict = EmulatedChip(target, elf, check_alignment=True)
    assert outcome(qemu, function, shift) == outcome(strict, function, shift)


def outcome(chip: QemuChip | EmulatedChip, function: str, shift: int) -> str:
    try:
        chip.call(function, chip.address("mf_arena_start") + shift)
    except ChipFault as fault:
        return f"{fault.kind} in {fault.function}"
    return "no fault"


def test_undefined_instructions_are_named(qemu):
    with pytest.raises(ChipFault, match="undefined instruction in undefined_instruction"):
        qemu.call("undefined_instruction")
    assert qemu.call("count_loop", 5) == 15


def test_memory_is_read_and_written(qemu):
    data = bytes(index % 251 for index in range(3000))
    qemu.write("mf_arena_start", data)
    assert qemu.read("mf_arena_start", len(data)) == data
    assert qemu.call("peek", qemu.address("mf_arena_start") + 4) == int.from_bytes(data[4:8], "little")


def test_banks_keep_their_sizes_and_order_on_the_board(target):
    """The board has neither an accelerator nor what is not mapped."""
    moved = {bank.name: bank for bank in board_target(target).memories}
    assert [(name, bank.bytes) for name, bank in moved.items()] == [
        (bank.name, bank.bytes)
        for kind in ("flash", "ram")
        for bank in target.memories
        if bank.mapped and bank.kind == kind
    ]
    assert moved[target.placement.stack].origin == 0x20000000


def test_a_missing_qemu_is_told(target, elf, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="qemu-system-arm: is not found"):
        QemuChip(target, elf)
    with pytest.raises(UserError, match="has no board"):
        board_target(Target.load("host"))
