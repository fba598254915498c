"""Operations per layer, counted as the vendor's synthesizer counts them: padding counts, one comparison per ReLU output
and per pooled pixel, averages and sums as additions."""

from dataclasses import dataclass

from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.chip.plan.max78000.workload import HardwareLayer


@dataclass(frozen=True)
class Ops:
    """Multiply-accumulates, comparisons, additions, multiplications and bitwise operations of one inference."""

    macc: int = 0
    comp: int = 0
    add: int = 0
    mul: int = 0
    bitwise: int = 0

    @property
    def all(self) -> int:
        """Everything."""
        return self.macc + self.comp + self.add + self.mul + self.bitwise

    def __add__(self, other: "Ops") -> "Ops":
        return Ops(*(mine + theirs for mine, theirs in zip(self.parts, other.parts, strict=True)))

    @property
    def parts(self) -> tuple[int, int, int, int, int]:
        """The five counts in order."""
        return self.macc, self.comp, self.add, self.mul, self.bitwise

    def line(self) -> str:
        """Return the counts in the words of the vendor's summary."""
        counts = f"{self.macc:,} macc; {self.comp:,} comp; {self.add:,} add; {self.mul:,} mul; {self.bitwise:,} bitwise"
        return f"{self.all:,} ops ({counts})"


def ops_of(layer: HardwareLayer) -> Ops:
    """Return the operations of one layer."""
    rows, columns, outputs = layer.result
    macc = rows * columns * outputs * layer.source[2] * layer.taps if layer.convolves and not layer.flatten else 0
    if layer.flatten:
        macc = layer.weights
    activated = rows * columns * outputs if layer.activation in ("relu", "abs") else 0
    pooled = layer.pool_area * layer.pooled[0] * layer.pooled[1] * layer.source[2] * len(layer.inputs)
    return Ops(macc, activated) + _pool(layer.pool, pooled) + _combination(layer)


def _pool(kind: str, operations: int) -> Ops:
    return Ops(comp=operations) if kind == "max" else Ops(add=operations) if kind == "average" else Ops()


def _combination(layer: HardwareLayer) -> Ops:
    rows, columns, channels = layer.pooled if layer.pool_first else layer.source
    count = (len(layer.inputs) - 1) * rows * columns * channels
    if layer.eltwise in ("add", "sub"):
        return Ops(add=count)
    return Ops(bitwise=count) if layer.eltwise != "none" else Ops()


def summary(plan: AcceleratorPlan, weight_capacity: int, bias_capacity: int) -> str:
    """Return the ops summary and resource usage; capacities in bytes."""
    counted = [ops_of(each.layer) for each in plan.layers]
    lines = ["SUMMARY OF OPS", f"Hardware: {sum(counted, Ops()).line()}"]
    lines += [f"  Layer {index}: {ops.line()}" for index, ops in enumerate(counted)]
    lines += ["RESOURCE USAGE", _usage("Weight", plan.weight_bytes, weight_capacity)]
    return "\n".join([*lines, _usage("Bias", plan.bias_bytes, bias_capacity)])


def _usage(what: str, used: int, capacity: int) -> str:
    return f"{what} memory: {used:,} bytes out of {capacity:,} bytes total ({100 * used / capacity:.1f}%)"
