"""The accelerator plan: every layer with its processors, offsets, columns and biases, as plain data."""

from dataclasses import dataclass

from microface.chip.plan.max78000.bias import BiasPlace
from microface.chip.plan.max78000.lanes import Lanes
from microface.chip.plan.max78000.weights import aligned, lead
from microface.chip.plan.max78000.workload import HardwareLayer, passes
from microface.network import IntegerNetwork


@dataclass(frozen=True)
class PlacedLayer:
    """One layer and its place. Masks have a bit per processor; offsets are bytes within each data memory.

    `write_gap` words stand between two output pixels for the other operands of the layer that combines them;
    `planar` means an input in CHW order; `columns` 72-bit words of weights begin at `first_column`.
    """

    layer: HardwareLayer
    processors: int
    output_processors: int
    in_offset: int
    out_offset: int
    write_gap: int
    planar: bool
    streaming: bool
    first_column: int
    columns: int
    bias: BiasPlace | None

    @property
    def input_lanes(self) -> Lanes:
        """The processors that read."""
        return Lanes(self.processors)

    @property
    def output_lanes(self) -> Lanes:
        """The processors into whose data memories the output is written."""
        return Lanes(self.output_processors)

    @property
    def input_bytes(self) -> int:
        """Bytes that the input's pixels span in each data memory, operands included."""
        height, width, channels = self.layer.source
        word = 1 if self.planar else 4
        return height * width * passes(channels) * len(self.layer.inputs) * word

    @property
    def output_bytes(self) -> int:
        """Bytes that the output's pixels span in each data memory, gaps included."""
        height, width, channels = self.layer.result
        return height * width * passes(channels) * (16 if self.layer.wide else 4) * (1 + self.write_gap)


@dataclass(frozen=True)
class AcceleratorPlan:
    """A network on an accelerator; `network` is what runs there, with the copies that placing needed."""

    layers: tuple[PlacedLayer, ...]
    network: IntegerNetwork
    target: str

    @property
    def name(self) -> str:
        """The network's name."""
        return self.network.name

    @property
    def column_loads(self) -> tuple[int, ...]:
        """Columns in use in each of the 64 processors."""
        return tuple(
            sum(each.columns for each in self.layers if each.processors >> processor & 1) for processor in range(64)
        )

    @property
    def columns_taken(self) -> tuple[int, ...]:
        """Columns that are lost to other layers in each of the 64 processors: each layer begins at a multiple of 4."""
        taken = [(each.processors, aligned(each.columns + lead(each.layer, each.output_lanes))) for each in self.layers]
        return tuple(sum(count for mask, count in taken if mask >> processor & 1) for processor in range(64))

    @property
    def column_ends(self) -> tuple[int, ...]:
        """The first column behind those in use in each of the 64 processors."""
        ends = [0] * 64
        for each in self.layers:
            for processor in each.input_lanes.processors if each.columns else ():
                ends[processor] = max(ends[processor], each.first_column + each.columns)
        return tuple(ends)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights, packed: what is printed as weight memory in use."""
        return sum(each.layer.weights * each.layer.bits for each in self.layers) // 8

    @property
    def bias_bytes(self) -> int:
        """Bytes of bias memory in use."""
        return sum(each.bias.bytes for each in self.layers if each.bias is not None)

    @property
    def streams(self) -> bool:
        """Whether the input comes through the FIFO."""
        return self.layers[0].streaming
