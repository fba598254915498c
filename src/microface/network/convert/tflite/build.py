"""Writes flatbuffers: tables with their fields, top down, so that every distance leads forward."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Scalar:
    """A number of struct's type `code`."""

    code: str
    value: int | float


@dataclass(frozen=True)
class Vector:
    """A vector of numbers, whose first element lies at a multiple of `align`."""

    values: np.ndarray
    align: int = 4


@dataclass(frozen=True)
class Node:
    """A table: fields by their number in the schema."""

    fields: Mapping[int, "Value"]


Value = Scalar | Vector | str | Node | Sequence[Node]


@dataclass
class _Buffer:
    """The bytes so far; `pending` are places of distances with what they lead to."""

    data: bytearray = field(default_factory=bytearray)

    def align(self, multiple: int, ahead: int = 0) -> int:
        """Fill up until the place `ahead` bytes from here is a multiple; return this place."""
        self.data.extend(b"\0" * (-(len(self.data) + ahead) % multiple))
        return len(self.data)

    def put(self, code: str, at: int, value: int | float) -> None:
        struct.pack_into("<" + code, self.data, at, value)

    def grow(self, size: int) -> int:
        at = len(self.data)
        self.data.extend(bytes(size))
        return at


def flatbuffer(root: Node, identifier: bytes) -> bytes:
    """Return the file whose root is `root`."""
    buffer = _Buffer()
    buffer.data.extend(b"\0\0\0\0" + identifier)
    _link(buffer, 0, root)
    return bytes(buffer.data)


def _link(buffer: _Buffer, at: int, value: Value) -> None:
    """Write `value` at the end; the distance at `at` leads to it."""
    if isinstance(value, Node):
        _table(buffer, at, value)
    elif isinstance(value, Vector):
        raw = np.ascontiguousarray(value.values, value.values.dtype.newbyteorder("<")).tobytes()
        _vector(buffer, at, len(value.values), raw, max(value.align, value.values.dtype.itemsize))
    elif isinstance(value, str):
        raw = value.encode()
        _vector(buffer, at, len(raw), raw + b"\0", 4)
    elif not isinstance(value, Scalar):
        _tables(buffer, at, value)


def _vector(buffer: _Buffer, at: int, count: int, raw: bytes, align: int) -> None:
    buffer.align(4)
    buffer.align(align, 4)
    place = buffer.grow(4)
    buffer.put("I", place, count)
    buffer.data.extend(raw)
    buffer.put("I", at, place - at)


def _tables(buffer: _Buffer, at: int, nodes: Sequence[Node]) -> None:
    buffer.align(4)
    place = buffer.grow(4 + 4 * len(nodes))
    buffer.put("I", place, len(nodes))
    buffer.put("I", at, place - at)
    for index, node in enumerate(nodes):
        _table(buffer, place + 4 + 4 * index, node)


def _table(buffer: _Buffer, at: int, node: Node) -> None:
    """Write a table: the places of its fields, its fields, the largest first, and what they lead to."""
    count = max(node.fields, default=-1) + 1
    buffer.align(2)
    vtable = buffer.grow(4 + 2 * count)
    place = buffer.align(8, 4)
    buffer.grow(4)
    links: list[tuple[int, Value]] = []
    for number, value in sorted(node.fields.items(), key=lambda item: -_size(item[1])):
        size = _size(value)
        buffer.align(size)
        where = buffer.grow(size)
        buffer.put("H", vtable + 4 + 2 * number, where - place)
        if isinstance(value, Scalar):
            buffer.put(value.code, where, value.value)
        else:
            links.append((where, value))
    buffer.put("i", place, place - vtable)
    buffer.put("H", vtable, 4 + 2 * count)
    buffer.put("H", vtable + 2, len(buffer.data) - place)
    buffer.put("I", at, place - at)
    for where, value in links:
        _link(buffer, where, value)


def _size(value: Value) -> int:
    return struct.calcsize(value.code) if isinstance(value, Scalar) else 4
