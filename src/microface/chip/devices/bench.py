"""The figures of a network on a chip, all of one build, and its time on this computer."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import build
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.max78000.project import build_accelerator
from microface.chip.plan.max78000 import runs_accelerated
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import ModelPackage
from microface.network.network import IntegerNetwork

_RUNS = 20
_REPEATS = 7


@dataclass(frozen=True)
class ChipFigures:
    """Counted on the emulated chip and measured in the ELF file; the milliseconds (low, high) are an estimate.

    `accelerator_milliseconds` is the part of them that the chip's accelerator takes; `instructions` are then those of
    the processor, which feeds it. None where the processor runs the network.
    """

    network: str
    target: str
    instructions: int
    arena_bytes: int
    flash_bytes: int
    stack_bytes: int
    macs: int
    estimated_milliseconds: tuple[float, float]
    accelerator_milliseconds: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def random_inputs(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return one of each input, integers [1, H, W, C] by name, drawn from seed 0."""
    random, sources = np.random.default_rng(0), [network.tensors[name] for name in network.inputs]
    return {s.name: random.integers(s.lowest, s.highest + 1, (1, *s.shape)).astype(s.numpy_dtype) for s in sources}


def measure_on_chip(source: ModelPackage | IntegerNetwork, target: Target) -> ChipFigures:
    """Build `source` for `target`, run it on the emulated chip, compare it with numpy and return the figures.

    The chip's accelerator runs it where it has one that `source` is made for.
    """
    with tempfile.TemporaryDirectory(prefix="microface") as folder:
        device = EmulatedDevice(_built(source, target, Path(folder) / "firmware"))
        firmware = device.firmware
        network = device.model.network
        inputs = random_inputs(network)
        ours, theirs = network.run_of(inputs), device.run_of(inputs)
        if any(not np.array_equal(ours[name], theirs[name]) for name in ours) or device.last is None:
            raise RuntimeError(f"{network.name} on {target.name} differs from its integer meaning")
        sizes = firmware.arena_bytes, firmware.flash_bytes, device.last.stack_bytes
        count, times = device.last.instructions, (device.milliseconds(), _accelerator_milliseconds(device))
        return ChipFigures(device.model.name, target.name, count, *sizes, network.macs, *times)


def _built(source: ModelPackage | IntegerNetwork, target: Target, folder: Path) -> Firmware:
    network = source.network if isinstance(source, ModelPackage) else source
    return (build_accelerator if runs_accelerated(network, target) else build)(source, target, folder)


def _accelerator_milliseconds(device: EmulatedDevice) -> tuple[float, float] | None:
    if device.accelerators is None:
        return None
    low, high = device.accelerators.microseconds
    return low / 1000, high / 1000


def host_milliseconds(device: HostDevice) -> float:
    """Return the milliseconds of one inference on one thread: the best mean of several rounds."""
    inputs = {name: np.repeat(x, _RUNS, axis=0) for name, x in random_inputs(device.model.network).items()}
    return _best_milliseconds(lambda: device.run_of(inputs)) / _RUNS


def litert_milliseconds(tflite: Path) -> float | None:
    """Return the milliseconds of one inference of a TFLite file by LiteRT with XNNPACK, one thread.

    None where `ai_edge_litert` is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    interpreter = Interpreter(str(tflite), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.invoke()

    def run() -> None:
        for _ in range(_RUNS):
            interpreter.invoke()

    return _best_milliseconds(run) / _RUNS


def _best_milliseconds(run: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def require_emulator() -> None:
    """Raise a `UserError` where the emulator is not installed."""
    try:
        import unicorn  # noqa: F401
    except ImportError as error:
        raise UserError("the emulator", "is not installed", "run pip install 'microface[emulator]'") from error
