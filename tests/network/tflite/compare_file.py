"""Every tensor of TFLite files beside LiteRT's reference kernels, and the counted run on an emulated chip.

PYTHONPATH=tests python tests/network/tflite/compare_file.py FILE.tflite ...
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from thousand import computed

from litert import differing, reference
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.build import build
from microface.chip.targets import Target
from microface.network.convert.tflite import Imported, import_tflite
from microface.network.convert.tflite.model import TfModel, read_model

INPUTS = 2
TARGET = "stm32h743zi"


def drawn_inputs(model: TfModel, seed: int) -> dict[int, np.ndarray]:
    """Return values for the file's inputs, drawn over their whole range."""
    generator, values = np.random.default_rng(seed), {}
    for number in model.inputs:
        tensor = model.tensors[number]
        if tensor.dtype == "float32":
            values[number] = generator.normal(0, 1, tensor.shape).astype(np.float32)
        else:
            bounds = np.iinfo(tensor.dtype)
            values[number] = generator.integers(bounds.min, bounds.max + 1, tensor.shape).astype(tensor.dtype)
    return values


def on_chip(imported: Imported, values: dict[str, np.ndarray], folder: Path) -> str:
    """Return the counts of a run whose outputs are those of `values`."""
    network = imported.network
    device = EmulatedDevice(build(network, Target.load(TARGET), folder))
    found = device.run_of({name: values[name] for name in network.inputs})
    if device.self_test() or any(not np.array_equal(found[name], values[name]) for name in network.outputs):
        return "DIFFERS on the chip"
    assert device.last is not None
    return f"{device.last.instructions:,} instructions, arena {device.arena_bytes:,} B"


def compare(path: Path) -> str:
    """Return a line about the file."""
    model, imported = read_model(path), import_tflite(path)
    unlike, values = set[str](), dict[str, np.ndarray]()
    for seed in range(INPUTS):
        theirs = reference(path, drawn_inputs(model, seed))
        values = computed(imported, theirs)
        unlike |= set(differing(imported, values, theirs))
    equal = f"{len(imported.names) - len(unlike)} of {len(imported.names)} tensors equal on {INPUTS} inputs"
    with tempfile.TemporaryDirectory() as folder:
        counts = on_chip(imported, values, Path(folder) / "firmware")
    return f"{path.name}: {len(model.operators)} operators, {imported.network.macs:,} macs, {equal}; {counts}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(compare(Path(name)), flush=True)
