"""The MAX78000's accelerator on the emulated chip: its memories are real, its layers are computed bit by bit from them.

Weights are taken from the words that the firmware loads, biases and inputs from the memories at their addresses, and
every layer's output is written to its own: a wrong table, offset or map gives a wrong answer.
"""

from dataclasses import replace

import numpy as np

from microface.chip.devices.emulator import CallReport, EmulatedChip, Service
from microface.chip.firmware.build import Firmware
from microface.chip.firmware.max78000.data import input_places, output_places, read, words_of
from microface.chip.firmware.max78000.headers import operators_of
from microface.chip.firmware.max78000.kernels import COLUMN_BYTES, columns_from, unpack
from microface.chip.firmware.model import Model
from microface.chip.plan.max78000 import AcceleratorPlan, PlacedLayer, plan_accelerator
from microface.chip.plan.max78000.rules import limit
from microface.chip.plan.max78000.timing import layer_times, total_cycles
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.ops.max78000 import AcceleratorConv

SERVICE_WEIGHTS, SERVICE_START, SERVICE_OUTPUT = 0x4D460010, 0x4D460011, 0x4D460012
_OK = 1
_BIAS_BASE, _GROUP_STEP = 0x50108000, 0x400000


class Accelerator:
    """The hardware between two calls of the firmware: `load`, `start` and `unload` answer its services."""

    def __init__(self, plan: AcceleratorPlan, target: Target) -> None:
        self.plan, self.target = plan, target
        self.chip: EmulatedChip | None = None
        self._columns: dict[int, bytearray] = {}

    def services(self) -> dict[int, Service]:
        """Return what answers which service."""
        return {SERVICE_WEIGHTS: self.load, SERVICE_START: self.start, SERVICE_OUTPUT: self.unload}

    @property
    def memory(self) -> EmulatedChip:
        """The chip whose memories these are."""
        assert self.chip is not None
        return self.chip

    def load(self, address: int, count: int) -> int:
        """Take over the table of weights at `address`, `count` words."""
        self._columns = columns_from(np.frombuffer(self.memory.read(address, 4 * count), "<u4"))
        return _OK

    def start(self, _first: int, _second: int) -> int:
        """Compute every layer on the data memories; return microseconds by the hardware's cycles."""
        operators = {each.name: each for each in self.plan.network.operators}
        tensors = self.plan.network.tensors
        for placed in self.plan.layers:
            operator = operators[placed.layer.name]
            if isinstance(operator, AcceleratorConv):
                operator = replace(operator, weights=self._weights(placed), bias=self._bias(placed))
            inputs = [tensors[name] for name in operator.inputs]
            values = [self._operand(placed, i)[None] for i in range(len(inputs))]
            dtype = tensors[operator.output].numpy_dtype
            self._store(placed, operator.run(values, inputs)[0].astype(dtype))
        cycles = total_cycles(layer_times(self.plan.layers))[0]
        return round(1e6 * cycles / limit(self.target, "accelerator_clock_hz"))

    def _operand(self, placed: PlacedLayer, index: int) -> np.ndarray:
        return read(input_places(placed) + 4 * index, self.memory.read)

    def _weights(self, placed: PlacedLayer) -> np.ndarray:
        shape = operators_of(self.plan)[placed.layer.name].weights.shape
        weights, start = np.zeros(shape, np.int8), placed.first_column * COLUMN_BYTES
        for lane, processor in enumerate(placed.input_lanes.processors):
            data = self._columns[processor][start : start + placed.columns * COLUMN_BYTES]
            unpack(placed, weights, lane, bytes(data))
        return weights

    def _bias(self, placed: PlacedLayer) -> np.ndarray:
        count = placed.layer.result[2]
        if placed.bias is None:
            return np.zeros(count, np.int8)
        first = placed.bias.offset + placed.bias.bytes - count
        data = self.memory.read(_BIAS_BASE + _GROUP_STEP * placed.bias.group + 4 * first, 4 * count)
        return np.frombuffer(data, np.int8)[::4].copy()

    def _store(self, placed: PlacedLayer, values: np.ndarray) -> None:
        for address, (mask, word) in words_of(values, output_places(placed)).items():
            store(self.memory, address, mask, word)

    def unload(self, address: int, _second: int) -> int:
        """Copy the output to `address`: channel by channel, bytes or 32-bit words."""
        placed = self.plan.layers[-1]
        self.memory.write(address, self.output(placed).transpose(2, 0, 1).tobytes())
        return _OK

    def output(self, placed: PlacedLayer) -> np.ndarray:
        """Return a layer's output [H, W, C] as it lies in the data memories."""
        where = output_places(placed)
        if not placed.layer.wide:
            return read(where, self.memory.read)
        data = [self.memory.read(int(address), 4) for address in where.ravel()]
        return np.frombuffer(b"".join(data), "<i4").reshape(where.shape)


def store(chip: EmulatedChip, address: int, mask: int, word: int) -> None:
    """Store the bytes of `word` that `mask` names into the accelerator's memory at `address`."""
    bank = next(each for each in chip.target.memories if each.holds(address, 4))
    place = chip.memory.bank(bank.name)[address - bank.origin :][:4].view("<u4")
    place[0] = (int(place[0]) & ~mask & 0xFFFFFFFF) | word


class AcceleratorDevice:
    """A built folder on the emulated chip; `run` gives the same integers as the network itself."""

    def __init__(self, firmware: Firmware) -> None:
        """Start the firmware: memories are mapped, weights and biases loaded by the C project."""
        source = firmware.source
        if not isinstance(source, IntegerNetwork):
            raise UserError(firmware.folder, "holds no accelerator network", "build it with --target max78000")
        self.firmware, self.model, self.target = firmware, Model.of(source), firmware.target
        self.accelerator = Accelerator(plan_accelerator(source, self.target), self.target)
        self.chip = EmulatedChip(self.target, firmware.elf_path, services=self.accelerator.services())
        self.accelerator.chip = self.chip
        self.microseconds, self.last = 0, self._begin()

    @property
    def name(self) -> str:
        """What the device is, for people."""
        return f"emulated {self.target.title}"

    def _begin(self) -> CallReport:
        report = self.chip.run("accelerator_begin")
        if report.signed:
            raise UserError(self.firmware.folder, "does not switch the accelerator on", "build it again")
        return report

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return the network's integers [N, h, w, c] for s8 inputs [N, H, W, C]; `microseconds` tells of the last."""
        return np.stack([self._run_one(each) for each in inputs])

    def _run_one(self, values: np.ndarray) -> np.ndarray:
        first, last = self.accelerator.plan.layers[0], self.accelerator.plan.layers[-1]
        for address, (mask, word) in words_of(values, input_places(first)).items():
            store(self.chip, address, mask, word)
        self.last = self.chip.run("accelerator_run")
        self.microseconds = self.last.value
        return self.accelerator.output(last)

    def self_test(self) -> int | None:
        """Run the known-answer test; return None, or the address of the first word that differs."""
        return self.chip.run("accelerator_self_test").value or None
