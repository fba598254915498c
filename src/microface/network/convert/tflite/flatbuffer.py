"""Reads flatbuffers without trust: every offset and length is checked against the file before it is used.

A table begins with a signed distance back to its vtable (u16: bytes of the vtable, bytes of the table, then a place
per field, 0 where absent). Strings, vectors and tables in fields are unsigned distances forward, so a walk that only
follows them ends. Layout: https://flatbuffers.dev/internals
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from microface.errors import DamagedFileError

LONGEST_NAME = 512
_MEND = "copy or convert it again"


@dataclass(frozen=True)
class Bytes:
    """The file's bytes; `path` names it in errors."""

    data: bytes = field(repr=False)
    path: Path

    def damaged(self, reason: str) -> DamagedFileError:
        """Return the error that says what is wrong with the file."""
        return DamagedFileError(self.path, reason, _MEND)

    def number(self, code: str, at: int) -> int | float:
        """Return the number of struct's type `code` at `at`."""
        if not 0 <= at <= len(self.data) - struct.calcsize(code):
            raise self.damaged(f"is damaged (offset {at} lies outside its {len(self.data):,} bytes)")
        return struct.unpack_from("<" + code, self.data, at)[0]

    def integer(self, code: str, at: int) -> int:
        """Return the integer of struct's type `code` at `at`."""
        return int(self.number(code, at))

    def forward(self, at: int) -> int:
        """Return where the distance at `at` leads; a distance of 0 would lead to itself."""
        distance = self.integer("I", at)
        if distance == 0 or at + distance >= len(self.data):
            raise self.damaged(f"is damaged (offset {at} leads outside its {len(self.data):,} bytes)")
        return at + distance

    def array(self, dtype: str, at: int) -> np.ndarray:
        """Return the vector of numbers at `at` as a view of the file."""
        count, size = self.integer("I", at), np.dtype(dtype).itemsize
        if count * size > len(self.data) - at - 4:
            raise self.damaged(f"is damaged (a list of {count:,} ends outside its {len(self.data):,} bytes)")
        return np.frombuffer(self.data, np.dtype(dtype).newbyteorder("<"), count, at + 4)

    def root(self) -> "Table":
        """Return the table that the file is."""
        return Table.at(self, self.forward(0))


@dataclass(frozen=True)
class Table:
    """A table at `place`; fields are read by their number in the schema, absent ones give the default."""

    source: Bytes
    place: int
    vtable: int
    fields: int

    @classmethod
    def at(cls, source: Bytes, place: int) -> "Table":
        """Return the table at `place`."""
        vtable = place - source.integer("i", place)
        if vtable < 0:
            raise source.damaged(f"is damaged (the table at {place} has no field list)")
        size = source.integer("H", vtable)
        if size < 4 or vtable + size > len(source.data):
            raise source.damaged(f"is damaged (the table at {place} has a field list of {size} bytes)")
        return cls(source, place, vtable, size // 2 - 2)

    def _field(self, number: int) -> int:
        """Return where field `number` lies, 0 where it is absent."""
        if number >= self.fields:
            return 0
        distance = self.source.integer("H", self.vtable + 4 + 2 * number)
        return self.place + distance if distance else 0

    def integer(self, number: int, code: str, default: int = 0) -> int:
        """Return the integer field `number` of struct's type `code`."""
        at = self._field(number)
        return self.source.integer(code, at) if at else default

    def real(self, number: int, default: float = 0.0) -> float:
        """Return the float field `number`."""
        at = self._field(number)
        return float(self.source.number("f", at)) if at else default

    def array(self, number: int, dtype: str) -> np.ndarray:
        """Return the field `number`, a vector of numbers; empty where it is absent."""
        at = self._field(number)
        return self.source.array(dtype, self.source.forward(at)) if at else np.zeros(0, dtype)

    def text(self, number: int) -> str:
        """Return the field `number`, a string on one line, cut where it is longer than any name."""
        given = self.array(number, "u1")[:LONGEST_NAME].tobytes().decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "?" for letter in given)

    def table(self, number: int) -> "Table | None":
        """Return the field `number`, a table, or None."""
        at = self._field(number)
        return Table.at(self.source, self.source.forward(at)) if at else None

    def tables(self, number: int, most: int) -> Iterator["Table"]:
        """Yield the field `number`, a vector of at most `most` tables."""
        at = self._field(number)
        if not at:
            return
        start = self.source.forward(at)
        places = self.source.array("u4", start)
        if len(places) > most:
            raise self.source.damaged(f"is damaged (a list of {len(places):,} tables; {most:,} are allowed)")
        for index in range(len(places)):
            yield Table.at(self.source, self.source.forward(start + 4 + 4 * index))
