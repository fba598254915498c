"""What an ELF file of firmware holds: load segments, symbols, function ranges, section sizes, source lines."""

import bisect
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes

_ALLOCATED, _EXECUTABLE = 2, 4


@dataclass(frozen=True)
class Segment:
    """Bytes to store at `address` (where they lie in flash, not where they are copied to)."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Symbol:
    """A name with its address (Thumb bit removed) and size in bytes; size 0 for the linker's own."""

    name: str
    address: int
    size: int
    is_function: bool


@dataclass(frozen=True)
class Section:
    """A section that takes memory; `stored` tells whether its bytes stand in the file, `code` whether they run."""

    name: str
    address: int
    size: int
    stored: bool
    code: bool


@dataclass(frozen=True)
class Line:
    """A place in a source file."""

    file: str
    line: int


class Firmware:
    """An ELF file, read once. All addresses are 32-bit; `entry` has no Thumb bit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data = read_bytes(path)
        elf = self._open()
        self.entry = int(elf.header["e_entry"]) & ~1
        self.segments = tuple(_segments(elf))
        self.sections = tuple(_sections(elf))
        self.symbols = {symbol.name: symbol for symbol in _symbols(elf)}
        self.functions = tuple(sorted(_functions(self.symbols), key=lambda symbol: symbol.address))
        self._starts = [function.address for function in self.functions]

    def _open(self) -> Any:
        try:
            return ELFFile(BytesIO(self._data))
        except ELFError as error:
            raise DamagedFileError(self.path, f"is not an ELF file ({error})", "build it again") from error

    def symbol(self, name: str) -> Symbol:
        """Return the symbol `name`; a missing one is a `UserError` (the linker drops what nobody calls)."""
        if name not in self.symbols:
            raise UserError(self.path, f"has no symbol {name}", "link it with keep, or build the firmware again")
        return self.symbols[name]

    def function_at(self, address: int) -> Symbol | None:
        """Return the function whose code holds `address`, or None."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        function = self.functions[index]
        return function if address < function.address + max(function.size, 1) else None

    def functions_at(self, addresses: np.ndarray) -> np.ndarray:
        """Return per address the place in `functions` of the one that holds it, or len(functions), as int64."""
        starts = np.array(self._starts, np.int64)
        ends = np.array([function.address + max(function.size, 1) for function in self.functions], np.int64)
        found = np.searchsorted(starts, addresses, side="right") - 1
        inside = (found >= 0) & (addresses < ends[found]) if len(ends) else np.zeros(len(addresses), bool)
        return np.where(inside, found, len(starts))

    def line_at(self, address: int) -> Line | None:
        """Return the source line of `address` where the file has debug lines (`-g1`), else None."""
        index = bisect.bisect_right(self._lines, address, key=lambda row: row[0]) - 1
        return self._lines[index][1] if index >= 0 else None

    @cached_property
    def _lines(self) -> list[tuple[int, Line | None]]:
        elf = self._open()
        if not elf.has_dwarf_info():
            return []
        return sorted(_line_rows(elf.get_dwarf_info()), key=lambda row: row[0])

    def bytes_of(self, prefix: str) -> int:
        """Return the summed size of all sections whose name begins with `prefix`."""
        return sum(section.size for section in self.sections if section.name.startswith(prefix))

    @property
    def code_end(self) -> int:
        """The first address after all code."""
        return max((section.address + section.size for section in self.sections if section.code), default=0)

    @property
    def flash_bytes(self) -> int:
        """All bytes that the firmware takes of flash: code, constants, initial values."""
        return sum(len(segment.data) for segment in self.segments)


def _segments(elf: Any) -> list[Segment]:
    loads = (segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD")
    return [Segment(int(s["p_paddr"]), bytes(s.data())) for s in loads if s["p_filesz"]]


def _sections(elf: Any) -> list[Section]:
    allocated = (s for s in elf.iter_sections() if s["sh_flags"] & _ALLOCATED and s["sh_size"])
    return [_section(s) for s in allocated]


def _section(section: Any) -> Section:
    place = (section.name, int(section["sh_addr"]), int(section["sh_size"]))
    return Section(*place, stored=section["sh_type"] != "SHT_NOBITS", code=bool(section["sh_flags"] & _EXECUTABLE))


def _symbols(elf: Any) -> list[Symbol]:
    table = elf.get_section_by_name(".symtab")
    if table is None:
        return []
    # Names that begin with $ mark where code and data change; they are no symbols of the program.
    return [_symbol(s) for s in table.iter_symbols() if s.name and not s.name.startswith("$") and _placed(s)]


def _placed(symbol: Any) -> bool:
    return symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["type"] != "STT_FILE"


def _symbol(symbol: Any) -> Symbol:
    is_function = symbol["st_info"]["type"] == "STT_FUNC"
    address = int(symbol["st_value"]) & (~1 if is_function else ~0)
    return Symbol(symbol.name, address, int(symbol["st_size"]), is_function)


def _functions(symbols: dict[str, Symbol]) -> list[Symbol]:
    by_address: dict[int, Symbol] = {}
    for symbol in symbols.values():
        # Aliases share an address; the largest, then the alphabetically first, speaks for all.
        known = by_address.get(symbol.address)
        if symbol.is_function and (known is None or (-symbol.size, symbol.name) < (-known.size, known.name)):
            by_address[symbol.address] = symbol
    return list(by_address.values())


def _line_rows(dwarf: Any) -> list[tuple[int, Line | None]]:
    rows: list[tuple[int, Line | None]] = []
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        states = (entry.state for entry in program.get_entries() if entry.state) if program else ()
        rows.extend((int(state.address), _line(program, state)) for state in states)
    return rows


def _line(program: Any, state: Any) -> Line | None:
    if state.end_sequence:
        return None
    # Version 5 of DWARF counts files from 0, the older ones from 1.
    entry = program["file_entry"][state.file - (0 if program["version"] >= 5 else 1)]
    return Line(entry.name.decode(errors="replace"), int(state.line))
