"""A TFLite file as plain records: tensors with their quantisation and constants, operators with their options."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from microface.errors import UserError
from microface.files import read_bytes
from microface.network.convert.tflite.flatbuffer import Bytes, Table
from microface.network.convert.tflite.schema import (
    CUSTOM,
    IDENTIFIER,
    NEWER_CODES,
    NUMPY,
    TYPES,
    VERSION,
    operator_name,
)

MOST_TENSORS = 20_000
MOST_BYTES = 1 << 30
LARGEST = 1 << 24
"""Values of the largest tensor that is read; far more than any microcontroller holds."""


@dataclass(frozen=True)
class TfTensor:
    """A tensor: `data` is None for what is computed; `scales` is empty where it is not quantised.

    `unsigned`: the file has uint8, which is read as int8 moved by 128.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: np.ndarray
    zero_points: np.ndarray
    axis: int
    data: np.ndarray | None
    unsigned: bool = False

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def where(self) -> str:
        """The tensor, for messages."""
        return f"tensor {self.index} ({self.name})"

    @cached_property
    def scale(self) -> np.float32:
        """The one scale, as the file has it."""
        if len(self.scales) != 1:
            raise UserError(self.where, f"has {len(self.scales)} scales", "convert it with one per activation")
        return np.float32(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The one zero point, 0 where the file has none."""
        if len(self.zero_points) > 1:
            raise UserError(self.where, f"has {len(self.zero_points)} zero points", "convert it with one")
        return int(self.zero_points[0]) if len(self.zero_points) else 0

    @property
    def constant(self) -> np.ndarray:
        """The values of a constant, in its shape; a `UserError` where it is computed."""
        if self.data is None:
            raise UserError(self.where, "must be a constant", "fold it before converting")
        return self.data


@dataclass(frozen=True)
class TfOperator:
    """An operator; `inputs` hold -1 where an optional one is absent; `options` may be None."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None

    @property
    def where(self) -> str:
        """The operator, for messages."""
        return f"operator {self.index} ({self.name})"

    def integer(self, number: int, code: str = "i", default: int = 0) -> int:
        """Return the option `number`, an integer of struct's type `code`."""
        return self.options.integer(number, code, default) if self.options else default

    def flag(self, number: int, default: bool = False) -> bool:
        """Return the option `number`, a truth value."""
        return bool(self.integer(number, "B", int(default)))

    def real(self, number: int) -> float:
        """Return the option `number`, a float."""
        return self.options.real(number) if self.options else 0.0

    def integers(self, number: int) -> tuple[int, ...]:
        """Return the option `number`, a list of integers."""
        return tuple(int(each) for each in self.options.array(number, "i4")) if self.options else ()


@dataclass(frozen=True)
class TfModel:
    """The main subgraph of a file."""

    path: Path
    description: str
    tensors: tuple[TfTensor, ...]
    operators: tuple[TfOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_model(path: Path) -> TfModel:
    """Return what the file at `path` holds; a damaged or foreign one is a `DamagedFileError`."""
    return parse_model(read_bytes(path), path)


def parse_model(data: bytes, path: Path) -> TfModel:
    """Return what `data` holds; `path` names it in errors."""
    source = Bytes(data, path)
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise source.damaged("is no TFLite file")
    root = source.root()
    if (version := root.integer(0, "I")) != VERSION:
        raise source.damaged(f"has schema version {version}, this release reads {VERSION}")
    graphs = list(root.tables(2, 64))
    if len(graphs) != 1:
        raise UserError(path, f"has {len(graphs)} subgraphs", "convert a model without control flow")
    return _Reader(source, root, graphs[0]).model()


@dataclass(frozen=True)
class _Reader:
    source: Bytes
    root: Table
    graph: Table

    def model(self) -> TfModel:
        buffers = tuple(self.root.tables(4, MOST_TENSORS))
        codes = tuple(_operator_name(table) for table in self.root.tables(1, 4096))
        tables = enumerate(self.graph.tables(0, MOST_TENSORS))
        tensors = tuple(self._tensor(index, table, buffers) for index, table in tables)
        if sum(tensor.data.nbytes for tensor in tensors if tensor.data is not None) > MOST_BYTES:
            raise self.source.damaged("is damaged (its constants overlap)")
        operators = enumerate(self.graph.tables(3, MOST_TENSORS))
        return TfModel(
            self.source.path,
            self.root.text(3),
            tensors,
            tuple(self._operator(index, table, codes, len(tensors)) for index, table in operators),
            self._indices(self.graph, 1, len(tensors), 0),
            self._indices(self.graph, 2, len(tensors), 0),
        )

    def _indices(self, table: Table, number: int, count: int, least: int) -> tuple[int, ...]:
        values = table.array(number, "i4")
        if len(values) > 1024 or np.any(values < least) or np.any(values >= count):
            raise self.source.damaged(f"is damaged (it names tensors that it does not have; it has {count})")
        return tuple(int(value) for value in values)

    def _operator(self, index: int, table: Table, codes: tuple[str, ...], tensors: int) -> TfOperator:
        code = table.integer(0, "I")
        if code >= len(codes):
            raise self.source.damaged(f"is damaged (operator {index} has code {code} of {len(codes)})")
        inputs, outputs = self._indices(table, 1, tensors, -1), self._indices(table, 2, tensors, 0)
        return TfOperator(index, codes[code], inputs, outputs, table.table(4))

    def _tensor(self, index: int, table: Table, buffers: tuple[Table, ...]) -> TfTensor:
        dtype = TYPES.get(table.integer(1, "b"), f"type {table.integer(1, 'b')}")
        shape = tuple(int(size) for size in table.array(0, "i4"))
        name = table.text(3)
        where = f"tensor {index} ({name})"
        if len(shape) > 8 or any(size < 0 for size in shape) or math.prod(shape) > LARGEST:
            raise self.source.damaged(f"is damaged ({where} has shape {list(shape)[:8]})")
        scales, zero_points, axis = self._quantisation(table, where)
        data = self._data(table.integer(2, "I"), buffers, where, dtype, shape)
        if data is not None and (table.table(6) or data.dtype == object):
            raise UserError(f"{self.source.path}: {where}", "is sparse", "convert it without sparsity")
        return TfTensor(index, name, shape, dtype, scales, zero_points, axis, data)

    def _quantisation(self, table: Table, where: str) -> tuple[np.ndarray, np.ndarray, int]:
        quantisation = table.table(4)
        if quantisation is None:
            return np.zeros(0, np.float32), np.zeros(0, np.int64), 0
        if quantisation.integer(4, "B") not in (0, 1) or len(quantisation.array(2, "f4")) > LARGEST:
            raise UserError(f"{self.source.path}: {where}", "is quantised by blocks", "convert it per channel")
        axis = quantisation.integer(6, "i")
        return quantisation.array(2, "f4"), quantisation.array(3, "i8"), axis

    def _data(
        self, number: int, buffers: tuple[Table, ...], where: str, dtype: str, shape: tuple[int, ...]
    ) -> np.ndarray | None:
        """Return the constant in `shape`, None where there is none; 4-bit values become int8."""
        if number >= len(buffers):
            raise self.source.damaged(f"is damaged ({where} has buffer {number} of {len(buffers)})")
        raw = self._bytes(buffers[number])
        if not len(raw):
            return None
        count = math.prod(shape)
        if dtype == "int4":
            return self._whole(_nibbles(raw), count + (count & 1), where)[:count].reshape(shape)
        if dtype not in NUMPY:
            raise UserError(f"{self.source.path}: {where}", f"has type {dtype}", "quantise it to int8 or int16")
        self._whole(raw, count * np.dtype(NUMPY[dtype]).itemsize, where)
        return np.frombuffer(raw.tobytes(), "<" + NUMPY[dtype], count).reshape(shape)

    def _whole(self, values: np.ndarray, wanted: int, where: str) -> np.ndarray:
        if len(values) != wanted:
            raise self.source.damaged(f"is damaged ({where} wants {wanted:,} values or bytes, has {len(values):,})")
        return values

    def _bytes(self, buffer: Table) -> np.ndarray:
        """Return a buffer's bytes: inside the flatbuffer, or behind it in large files."""
        offset, size = buffer.integer(1, "Q"), buffer.integer(2, "Q")
        if offset <= 1:
            return buffer.array(0, "u1")
        if offset + size > len(self.source.data):
            raise self.source.damaged("is damaged (a constant ends outside the file)")
        return np.frombuffer(self.source.data, np.uint8, size, offset)


def _operator_name(table: Table) -> str:
    """Return the name of an operator code: the newer field where it is larger than the older one."""
    code = max(table.integer(0, "b"), table.integer(3, "i"))
    if code == CUSTOM:
        return f"custom operator {table.text(1)}"
    return operator_name(code) if code != NEWER_CODES else "operator 127"


def _nibbles(raw: np.ndarray) -> np.ndarray:
    """Return int8 [2 * n]: the low half of each byte first, sign-extended."""
    halves = np.stack([raw & 15, raw >> 4], axis=1).reshape(-1).astype(np.int8)
    return (halves ^ 8) - 8
