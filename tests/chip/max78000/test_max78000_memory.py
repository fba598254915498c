"""Flash and RAM of the processor beside the accelerator: planned tables are the built ones, too much is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from accelerator_networks import NETWORKS, PAD, build

from microface.chip.firmware.build import Options
from microface.chip.firmware.max78000.headers import bias_memories, kernel_words, output_header, sample_header
from microface.chip.firmware.max78000.memory import (
    Extras,
    ProcessorMemory,
    input_words,
    output_words,
    processor_memory,
    weight_words,
)
from microface.chip.firmware.max78000.project import build_accelerator
from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.cli import main
from microface.network import IntegerNetwork
from microface.network.facenets import published

TARGET = Target.load("max78000")


def memory_of(network: IntegerNetwork, extras: Extras) -> ProcessorMemory:
    return processor_memory([plan_accelerator(network, TARGET)], TARGET, extras)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `microface` with `arguments` and return its exit code."""
    monkeypatch.setattr("sys.argv", ["microface", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", NETWORKS)
def test_planned_words_are_those_of_the_tables(name: str) -> None:
    network = NETWORKS[name]()
    plan = plan_accelerator(network, TARGET)
    ones = np.ones(network.input.shape, np.int8)
    assert weight_words(plan) == len(kernel_words(plan))
    assert input_words(plan) == sample_header(plan, ones).count("0x")
    assert output_words(plan) == output_header(plan, network.run(ones[None])[0]).count("0x")
    assert plan.bias_bytes == sum(map(len, bias_memories(plan).values()))


def test_a_full_weight_memory_fits_the_flash_and_leaves_less_than_five_thousand_bytes() -> None:
    """Twelve layers of 64 to 64 channels fill 768 columns of all 64 processors."""
    full = build("full", (4, 4, 64), [{"outputs": 64, **PAD}] * 12)
    assert plan_accelerator(full, TARGET).column_loads == (768,) * 64
    found = memory_of(full, Extras())
    assert found.fits and not memory_of(full, Extras(reserve_flash=TARGET.flash_bytes - used(found, "flash") + 1)).fits
    assert 0 < TARGET.flash_bytes - used(found, "flash") < 15_000
    people = memory_of(full, Extras(people=True, frame_bytes=2 * 176 * 176))
    assert "flash" in str(people.shortages[0])


def used(memory: ProcessorMemory, bank: str) -> int:
    return sum(line.bytes for line in memory.lines if line.memory == bank)


def test_what_the_processor_has_for_itself_is_counted_by_plan_and_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ("facenet_v7", "--target", "max78000")
    told = tmp_path / "plan.json"
    assert run(monkeypatch, "plan", *network, "--json", told) == 0
    assert "it fits" in capsys.readouterr().out
    free = TARGET.ram_bytes - sum(line["bytes"] for line in json.loads(told.read_text())["ram"])
    for reserve, code in ((free, 0), (free + 1, 1)):
        assert run(monkeypatch, "plan", *network, "--reserve-ram", reserve) == code
    assert "sram is 1 bytes" in capsys.readouterr().out
    output = ("--output", tmp_path / "fw", "--source-only")
    assert run(monkeypatch, "build", *network, *output, "--reserve-flash", "500KiB") == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "bytes of flash, allowed 524,288" in error and "reserve less" in error and not (tmp_path / "fw").exists()
    assert run(monkeypatch, "build", *network, *output, "--reserve-flash", "100KiB") == 0


def test_what_a_bare_network_takes_is_planned_above_what_is_built(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    firmware = build_accelerator(published("facenet_v1"), TARGET, tmp_path / "fw", Options())
    planned, measured = firmware.facts["plan"]["flash_bytes"], firmware.facts["measured"]["flash_bytes"]
    assert 0 <= planned - measured < 1_000


def test_options_about_something_else_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", "facenet_v1", "--target", "nrf52840", "--time", "deck") == 2
    assert "--time deck" in capsys.readouterr().err
    assert run(monkeypatch, "demo", "--wake", "facenet_v1") == 2
    assert "add --film" in " ".join(capsys.readouterr().err.split())
