"""Argument structs as bytes: a small reader of the runtime's headers lays them out for any pointer size."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import microface.chip.firmware

RUNTIME = Path(microface.chip.firmware.__file__).parent / "runtime"
_CODES = {"int8_t": "b", "uint8_t": "B", "int16_t": "h", "uint16_t": "H", "int32_t": "i", "uint32_t": "I"}


@dataclass(frozen=True)
class Member:
    name: str
    ctype: str
    pointer: bool


def structs() -> dict[str, list[Member]]:
    """Return the members of every argument struct of the runtime."""
    text = "".join(path.read_text() for path in sorted(RUNTIME.glob("mf_kernels*.h")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = {name: _members(body) for body, name in re.findall(r"typedef struct \{(.*?)\} (\w+);", text, re.S)}
    originals = {alias: original for original, alias in re.findall(r"typedef (\w+_args) (\w+_args);", text)}
    for alias in originals:
        original = alias
        while original in originals:
            original = originals[original]
        found[alias] = found[original]
    return found


def _members(body: str) -> list[Member]:
    members = []
    for declaration in body.split(";"):
        words = declaration.replace("const ", "").split(None, 1)
        if words:
            members += [Member(name.strip(" *\n"), words[0], "*" in name) for name in words[1].split(",")]
    return members


def lay_out(members: list[Member], values: dict[str, int], pointer_bytes: int) -> bytes:
    """Return the struct's bytes; members without a value are 0, a value without a member is an error."""
    if unknown := set(values) - {member.name for member in members}:
        raise KeyError(f"the struct has no {sorted(unknown)}")
    data, widest = b"", 1
    for member in members:
        code = {4: "I", 8: "Q"}[pointer_bytes] if member.pointer else _CODES[member.ctype]
        size = struct.calcsize("=" + code)
        widest = max(widest, size)
        data += bytes(-len(data) % size) + struct.pack("<" + code, values.get(member.name, 0))
    return data + bytes(-len(data) % widest)
