"""The MAX78000's accelerator on the emulated chip: its memories are real, its layers are computed bit by bit from them.

Weights are taken from the words that the firmware loads, biases and inputs from the memories at their addresses, and
every layer's output is written to its own: a wrong table, offset or map gives a wrong answer. An input that streams
comes word by word through the FIFOs' registers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from microface.chip.devices.emulator import EmulatedChip, Service
from microface.chip.devices.fifo import Fifos
from microface.chip.devices.streaming import StreamingLayer, stream
from microface.chip.firmware.max78000.data import input_places, output_places
from microface.chip.firmware.max78000.headers import operators_of
from microface.chip.firmware.max78000.kernels import COLUMN_BYTES, COLUMNS, load_columns, unpack
from microface.chip.plan.max78000 import AcceleratorPlan, PlacedLayer, plan_together
from microface.chip.plan.max78000.timing import layer_times, microseconds, total_cycles
from microface.chip.plan.max78000.workload import PROCESSORS
from microface.chip.targets import Target
from microface.network import IntegerNetwork
from microface.network.ops.max78000 import AcceleratorConv

SERVICE_WEIGHTS, SERVICE_START, SERVICE_OUTPUT = 0x4D460010, 0x4D460011, 0x4D460012
NUMBER_STEP = 16
"""Services of the second network are so much higher."""
_OK = 1
_BIAS_BASE, _GROUP_STEP = 0x50108000, 0x400000

Columns = dict[int, bytearray]
"""The weight memory: 768 columns of nine bytes of each processor."""


def empty_columns() -> Columns:
    """Return a weight memory full of zeros."""
    return {processor: bytearray(COLUMNS * COLUMN_BYTES) for processor in range(PROCESSORS)}


class Accelerator:
    """The hardware between two calls of the firmware: `load`, `start` and `unload` answer its services.

    Networks that take turns share `columns`; `number` tells them apart. `microseconds` is the time (low, high) of all
    runs since it was set to zero, by the hardware's cycles; `runs` counts them.
    """

    def __init__(self, plan: AcceleratorPlan, target: Target, columns: Columns, number: int = 0) -> None:
        self.plan, self.target, self.columns, self.number = plan, target, columns, number
        self.chip: EmulatedChip | None = None
        self.fifos: Fifos | None = None
        self.microseconds, self.runs = (0.0, 0.0), 0
        self._time_address = 0
        self._unpacked: dict[str, tuple[list[bytes], np.ndarray]] = {}

    def services(self) -> dict[int, Service]:
        """Return what answers which service."""
        answers = {SERVICE_WEIGHTS: self.load, SERVICE_START: self.start, SERVICE_OUTPUT: self.unload}
        return {service + NUMBER_STEP * self.number: answer for service, answer in answers.items()}

    @property
    def _chip(self) -> EmulatedChip:
        assert self.chip is not None
        return self.chip

    def load(self, address: int, count: int) -> int:
        """Take over the table of weights at `address`, `count` words."""
        load_columns(self.columns, np.frombuffer(self._chip.read(address, 4 * count), "<u4"))
        return _OK

    def start(self, time_address: int, _second: int) -> int:
        """Compute every layer on the data memories, or wait for what streams; the time goes to `time_address`."""
        self._time_address = time_address
        first = self.plan.layers[0]
        if first.streaming:
            assert self.fifos is not None
            self.fifos.expect(first, self._run_streaming)
        else:
            self._run(self.plan.layers)
        return _OK

    def _run_streaming(self, values: np.ndarray) -> None:
        """Compute what streams for the input s8 `values` [H, W, C] row by row, then the other layers."""
        streaming = [each for each in self.plan.layers if each.streaming]
        chain = [StreamingLayer(each, self._operator(each), self) for each in streaming]
        where, done = output_places(streaming[-1]), 0
        for row in values:
            for result in stream(chain, row):
                self.store(where[done], result.astype(self._dtype(streaming[-1])))
                done += 1
        self._run(self.plan.layers[len(streaming) :])

    def _run(self, layers: tuple[PlacedLayer, ...]) -> None:
        for placed in layers:
            self._run_layer(placed)
        low, high = (microseconds(each, self.target) for each in total_cycles(layer_times(self.plan.layers)))
        self.microseconds = self.microseconds[0] + low, self.microseconds[1] + high
        self.runs += 1
        self._chip.write(self._time_address, round(low).to_bytes(4, "little"))

    def _run_layer(self, placed: PlacedLayer) -> None:
        operators = {each.name: each for each in self.plan.network.operators}
        operator = self._operator(placed) if placed.layer.convolves else operators[placed.layer.name]
        inputs = self.plan.network.inputs_of(operator)
        values = [self.load_operand(placed, i)[None] for i in range(len(inputs))]
        self.store(output_places(placed), operator.run(values, inputs)[0].astype(self._dtype(placed)))

    def _dtype(self, placed: PlacedLayer) -> type[np.integer]:
        return self.plan.network.tensors[placed.layer.output].numpy_dtype

    def load_operand(self, placed: PlacedLayer, index: int) -> np.ndarray:
        """Return operand `index` of a layer, s8 [H, W, C], from the data memories."""
        return self.load_values(input_places(placed) + 4 * index)

    def _operator(self, placed: PlacedLayer) -> AcceleratorConv:
        """Return the layer's operator with the weights and biases that the memories hold."""
        operator = operators_of(self.plan)[placed.layer.name]
        return replace(operator, weights=self._weights(placed, operator.weights.shape), bias=self._bias(placed))

    def _weights(self, placed: PlacedLayer, shape: tuple[int, ...]) -> np.ndarray:
        start = placed.first_column * COLUMN_BYTES
        lanes = placed.input_lanes.processors
        parts = [bytes(self.columns[each][start : start + placed.columns * COLUMN_BYTES]) for each in lanes]
        known = self._unpacked.get(placed.layer.name)
        if known is None or known[0] != parts:
            weights = np.zeros(shape, np.int8)
            for lane, data in enumerate(parts):
                unpack(placed, weights, lane, data)
            known = self._unpacked[placed.layer.name] = parts, weights
        return known[1]

    def _bias(self, placed: PlacedLayer) -> np.ndarray:
        count = placed.layer.result[2]
        if placed.bias is None:
            return np.zeros(count, np.int8)
        first = placed.bias.offset + placed.bias.bytes - count
        data = self._chip.read(_BIAS_BASE + _GROUP_STEP * placed.bias.group + 4 * first, 4 * count)
        return np.frombuffer(data, np.int8)[::4].copy()

    def load_values(self, where: np.ndarray) -> np.ndarray:
        """Return the s8 values at the addresses `where`."""
        values = np.empty(where.shape, np.int8)
        for content, inside, places in self._banks(where):
            values[inside] = content[places].view(np.int8)
        return values

    def store(self, where: np.ndarray, values: np.ndarray) -> None:
        """Store `values`, s8 or s32, at the addresses `where`."""
        octets = np.ascontiguousarray(values).reshape(-1, 1).view(np.uint8)
        for content, inside, places in self._banks(where.reshape(-1, 1) + np.arange(octets.shape[1])):
            content[places] = octets[inside]

    def _banks(self, where: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield each data memory that `where` is in: its bytes, which addresses are in it, and their places in it."""
        for bank in self.target.memories:
            inside = (where >= bank.origin) & (where < bank.end)
            if bank.kind == "device" and inside.any():
                yield self._chip.memory.bank(bank.name), inside, where[inside] - bank.origin

    def unload(self, address: int, _second: int) -> int:
        """Copy the output to `address`: channel by channel, bytes or 32-bit words."""
        placed = self.plan.layers[-1]
        self._chip.write(address, self.output(placed).transpose(2, 0, 1).tobytes())
        return _OK

    def output(self, placed: PlacedLayer) -> np.ndarray:
        """Return a layer's output [H, W, C] as it lies in the data memories."""
        where = output_places(placed)
        if not placed.layer.wide:
            return self.load_values(where)
        octets = self.load_values(where[..., None] + np.arange(4))
        return octets.view("<i4")[..., 0]


class Accelerators:
    """The networks that take turns on one accelerator, with the weight memory and the FIFOs that they share."""

    def __init__(self, networks: Sequence[IntegerNetwork], target: Target) -> None:
        columns = empty_columns()
        plans = plan_together(networks, target)
        self.networks = tuple(Accelerator(plan, target, columns, number) for number, plan in enumerate(plans))

    def services(self) -> dict[int, Service]:
        """Return what answers which service of all networks."""
        return {number: answer for each in self.networks for number, answer in each.services().items()}

    def connect(self, chip: EmulatedChip) -> None:
        """Give the networks the memories of `chip`, and the chip the FIFOs' registers."""
        fifos = Fifos(chip)
        for each in self.networks:
            each.chip, each.fifos = chip, fifos

    def restart_clock(self) -> None:
        """Count time and runs from zero."""
        for each in self.networks:
            each.microseconds, each.runs = (0.0, 0.0), 0

    @property
    def microseconds(self) -> tuple[float, float]:
        """The time (low, high) of all networks since the clock was restarted."""
        times = [each.microseconds for each in self.networks]
        return sum(low for low, _ in times), sum(high for _, high in times)
