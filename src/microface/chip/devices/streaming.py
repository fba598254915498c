"""Layers that stream: each keeps a few rows of its input in its data memories and gives a row as soon as it can.

The rows are kept where the plan reserves room for them, so that one row too few, or two layers' rows on one place, give
a wrong answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from microface.chip.firmware.max78000.data import places
from microface.chip.plan.max78000 import PlacedLayer
from microface.chip.plan.max78000.blocks import rows_kept
from microface.network.ops.max78000 import AcceleratorConv


class DataMemory(Protocol):
    """The accelerator's data memories by address."""

    def load_values(self, where: np.ndarray) -> np.ndarray:
        """Return the s8 values at the addresses `where`."""
        ...

    def store(self, where: np.ndarray, values: np.ndarray) -> None:
        """Store `values`, s8 or s32, at the addresses `where`."""
        ...


class StreamingLayer:
    """One layer: takes rows s8 [W, C] of its input from above, gives rows of its output."""

    def __init__(self, placed: PlacedLayer, operator: AcceleratorConv, memory: DataMemory) -> None:
        self._operator, self._memory, self._layer = operator, memory, placed.layer
        height, width, channels = placed.layer.source
        self._kept = min(height, rows_kept(placed.layer))
        self._where = places(placed.input_lanes, (self._kept, width, channels), placed.in_offset)
        (rows, columns), plain = operator.padding, {"pool": "none", "pool_size": (1, 1), "pool_stride": (1, 1)}
        self._inner = replace(operator, padding=(0, columns), **plain)  # type: ignore[arg-type]
        self._padding, self._taken, self._given = rows, 0, 0

    def take(self, row: np.ndarray) -> Iterator[np.ndarray]:
        """Keep the next `row` of the input; yield the rows of the output that this completes."""
        self._memory.store(self._where[self._taken % self._kept], row)
        self._taken += 1
        while self._given < self._layer.result[0] and self._last_read(self._given) < self._taken:
            yield self._compute(self._given)
            self._given += 1

    def _pooled_rows(self, row: int) -> range:
        """Return the rows of the pooled input that output `row` sees; those outside are padding."""
        first = row - self._padding
        return range(first, first + self._layer.kernel[0])

    def _inside(self, row: int) -> list[int]:
        return [each for each in self._pooled_rows(row) if 0 <= each < self._layer.pooled[0]]

    def _last_read(self, row: int) -> int:
        return self._inside(row)[-1] * self._layer.pool_stride[0] + self._layer.pool_size[0] - 1

    def _compute(self, row: int) -> np.ndarray:
        inside, seen = self._inside(row), self._pooled_rows(row)
        above, below = inside[0] - seen[0], seen[-1] - inside[-1]
        window = np.zeros((len(seen), *self._layer.pooled[1:]), np.int8)
        window[above : len(seen) - below] = self._pool(inside)
        return self._inner.run([window[None]], ())[0, 0]

    def _pool(self, rows: list[int]) -> np.ndarray:
        """Return neighbouring `rows` [n, W, C] of the pooled input from the rows that are kept."""
        stride = self._layer.pool_stride[0]
        kept = np.arange(rows[0] * stride, rows[-1] * stride + self._layer.pool_size[0]) % self._kept
        return self._operator.read([self._memory.load_values(self._where[kept])[None]])[0]


def stream(layers: Sequence[StreamingLayer], row: np.ndarray) -> Iterator[np.ndarray]:
    """Push a `row` of the input through the chain of `layers`; yield the rows that come out of the last."""
    if not layers:
        yield row
        return
    for result in layers[0].take(row):
        yield from stream(layers[1:], result.astype(np.int8))
