"""The folder that `build` leaves: vendor files, headers, a C project, and firmware for the emulated chip."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from microface import __version__
from microface.chip.firmware.build import ELF_NAME, JSON_NAME, Firmware, folder_to_be
from microface.chip.firmware.elf import Firmware as Elf
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.max78000.headers import (
    bias_memories,
    output_header,
    sample_header,
    weights_header,
)
from microface.chip.firmware.max78000.vendor import write_vendor_files
from microface.chip.firmware.sources import PORT_OF_EMULATOR, RUNTIME
from microface.chip.firmware.toolchain import compile_objects, link, toolchain_for
from microface.chip.plan.max78000 import AcceleratorPlan, plan_accelerator
from microface.chip.plan.max78000.bias import MEMORIES
from microface.chip.plan.max78000.report import to_json
from microface.chip.targets import Target
from microface.errors import UserError
from microface.files import write_json, write_text
from microface.network import IntegerNetwork, save_network

SAMPLE_SEED = 78000
_C = Path(__file__).parent / "c"
_LAYOUT = LinkLayout(stack_bytes=4096, arena_bytes=16, gallery_slot_bytes=8192)
_KEPT = ("accelerator_begin", "accelerator_run", "accelerator_output", "accelerator_self_test")


def build_accelerator(
    network: IntegerNetwork,
    target: Target,
    output_dir: Path,
    source_only: bool = False,
    sample: np.ndarray | None = None,
) -> Firmware:
    """Write everything for `network` to `output_dir`, wholly or not at all.

    `sample` s8 [H, W, C] is the known-answer test's input; drawn from a fixed seed where None.
    """
    plan = plan_accelerator(network, target)
    if plan.streams and not source_only:
        reason = "streams its input through the FIFO, which the emulated accelerator does not do"
        raise UserError(network.name, reason, "add --source-only for the vendor's files")
    values = draw_sample(network) if sample is None else sample
    with folder_to_be(output_dir) as folder:
        write_vendor_files(plan, values, folder / "vendor")
        save_network(network, folder / "model.mfn")
        _write_sources(plan, values, target, folder)
        measured = None if source_only else _compile(folder, target)
        write_json(folder / JSON_NAME, _facts(plan, target, measured))
    return Firmware.load(output_dir)


def draw_sample(network: IntegerNetwork) -> np.ndarray:
    """Return s8 noise of the input's shape, always the same."""
    return np.random.default_rng(SAMPLE_SEED).integers(-128, 128, network.input.shape).astype(np.int8)


def _write_sources(plan: AcceleratorPlan, sample: np.ndarray, target: Target, folder: Path) -> None:
    output = plan.network.run(sample[None])[0]
    write_text(folder / "weights.h", weights_header(plan))
    write_text(folder / "sampledata.h", sample_header(plan, sample))
    write_text(folder / "sampleoutput.h", output_header(plan, output))
    for name in ("accelerator.c", "accelerator.h", "cnn.h"):
        write_text(folder / name, (_C / name).read_text(encoding="utf-8"))
    write_text(folder / "chip" / "cnn_emulated.c", (_C / "cnn_emulated.c").read_text(encoding="utf-8"))
    write_text(folder / "chip" / "cnn_tables.h", _tables(plan))
    write_text(folder / "chip" / PORT_OF_EMULATOR, (RUNTIME / PORT_OF_EMULATOR).read_text(encoding="utf-8"))
    write_text(folder / "chip" / "mf_port.h", (RUNTIME / "mf_port.h").read_text(encoding="utf-8"))
    write_text(folder / "chip" / "startup.c", startup_code(target))
    write_text(folder / "chip" / "link.ld", linker_script(target, _LAYOUT))


def _tables(plan: AcceleratorPlan) -> str:
    memories = bias_memories(plan)
    lines = ['#include "weights.h"', "#include <stdint.h>", "", "static const uint32_t mf_kernels[] = KERNELS;"]
    lines += [f"static const uint8_t mf_bias_{group}[] = BIAS_{group};" for group in sorted(memories)]
    pointers = ", ".join(f"mf_bias_{group}" if group in memories else "0" for group in range(MEMORIES))
    counts = ", ".join(str(len(memories.get(group, b""))) for group in range(MEMORIES))
    lines.append(f"static const uint8_t *const mf_bias[{MEMORIES}] = {{{pointers}}};")
    return "\n".join([*lines, f"static const uint32_t mf_bias_count[{MEMORIES}] = {{{counts}}};"]) + "\n"


def _compile(folder: Path, target: Target) -> dict[str, Any]:
    sources = [folder / "accelerator.c", *sorted((folder / "chip").glob("*.c"))]
    with tempfile.TemporaryDirectory(prefix="microface") as scratch:
        objects = compile_objects(sources, target, [folder, folder / "chip"], Path(scratch))
        path = link(objects, folder / "chip" / "link.ld", folder / ELF_NAME, target, _KEPT)
    image = Elf(path)
    return {"compiler": toolchain_for(target).label, "flash_bytes": image.flash_bytes}


def _facts(plan: AcceleratorPlan, target: Target, measured: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "format": 1,
        "microface": __version__,
        "target": target.name,
        "accelerator": target.accelerator,
        "model": plan.name,
        "model_file": "model.mfn",
        "plan": to_json(plan, target, "hardware"),
        "measured": measured,
    }
