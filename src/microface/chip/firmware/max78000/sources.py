"""The files of one network on the accelerator: tables, the C that loads and runs it, the vendor's files."""

from pathlib import Path

import numpy as np

from microface.chip.firmware.max78000.headers import bias_memories, output_header, sample_header, weights_header
from microface.chip.firmware.max78000.input import input_header
from microface.chip.firmware.max78000.vendor import write_vendor_files
from microface.chip.plan.max78000 import AcceleratorPlan
from microface.chip.plan.max78000.bias import MEMORIES
from microface.files import write_text
from microface.network import IntegerNetwork

SAMPLE_SEED = 78000
_C = Path(__file__).parent / "c"


def draw_sample(network: IntegerNetwork) -> np.ndarray:
    """Return s8 noise of the input's shape, always the same."""
    return np.random.default_rng(SAMPLE_SEED).integers(-128, 128, network.input.shape).astype(np.int8)


def write_network(plan: AcceleratorPlan, sample: np.ndarray, folder: Path) -> None:
    """Write everything of the placed network to `folder`; `sample` s8 [H, W, C] is the known-answer test's input."""
    output = plan.network.run(sample[None])[0]
    files = {
        "weights.h": weights_header(plan),
        "sampledata.h": sample_header(plan, sample),
        "sampleoutput.h": output_header(plan, output),
        "accelerator_input.h": input_header(plan.layers[0]),
        "chip/cnn_tables.h": _tables(plan),
    }
    files |= {name: c_file(name) for name in ("accelerator.c", "accelerator.h", "cnn.h")}
    files["chip/cnn_emulated.c"] = c_file("cnn_emulated.c")
    for name, text in files.items():
        write_text(folder / name, text)
    write_vendor_files(plan, sample, folder / "vendor")


def c_file(name: str) -> str:
    """Return the text of the C file `name` that every accelerated network has."""
    return (_C / name).read_text(encoding="utf-8")


def _tables(plan: AcceleratorPlan) -> str:
    memories = bias_memories(plan)
    lines = ['#include "weights.h"', "#include <stdint.h>", "", "static const uint32_t mf_kernels[] = KERNELS;"]
    lines += [f"static const uint8_t mf_bias_{group}[] = BIAS_{group};" for group in sorted(memories)]
    pointers = ", ".join(f"mf_bias_{group}" if group in memories else "0" for group in range(MEMORIES))
    counts = ", ".join(str(len(memories.get(group, b""))) for group in range(MEMORIES))
    lines.append(f"static const uint8_t *const mf_bias[{MEMORIES}] = {{{pointers}}};")
    return "\n".join([*lines, f"static const uint32_t mf_bias_count[{MEMORIES}] = {{{counts}}};"]) + "\n"
