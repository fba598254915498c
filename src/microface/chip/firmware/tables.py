"""C names and C text of constant tables."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_C_TYPES = {
    "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "uint16": "uint16_t", "int32": "int32_t",
    "uint32": "uint32_t", "int64": "int64_t",
}  # fmt: skip
_PER_LINE = {1: 24, 2: 16, 4: 8, 8: 4}


@dataclass(frozen=True)
class Table:
    """A constant array of C: `name`, element type, values (flattened in C order); `section` "" is the compiler's."""

    name: str
    values: np.ndarray
    section: str = ""

    @property
    def c_type(self) -> str:
        """The C type of an element."""
        return _C_TYPES[self.values.dtype.name]

    @property
    def alignment(self) -> int:
        """Bytes of whose multiple its address is: kernels read tables as words."""
        return max(4, self.values.dtype.itemsize)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.values.size)

    @property
    def lines(self) -> str:
        """The initialiser's lines: decimal, a fixed number of values in each."""
        texts = [_literal(value) for value in self.values.ravel().tolist()]
        step = _PER_LINE[self.values.dtype.itemsize]
        return "\n".join(f"    {', '.join(texts[i : i + step])}," for i in range(0, len(texts), step))


def _literal(value: int) -> str:
    # The most negative int has no literal of its own in C.
    return "INT32_MIN" if value == -(2**31) else str(value)


def c_names(names: Iterable[str]) -> dict[str, str]:
    """Return a C identifier for each name: letters, digits, `_`; equal ones are told apart by a number."""
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower() or "layer"
        plain = f"layer_{plain}" if plain[0].isdigit() else plain
        unique, number = plain, 2
        while unique in taken:
            unique, number = f"{plain}_{number}", number + 1
        given[name] = unique
        taken.add(unique)
    return given


def c_string(text: str) -> str:
    """Return `text` as a C string literal of plain ASCII."""
    plain = text.encode("ascii", "replace").decode()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
