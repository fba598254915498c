"""Sizes as people write them: KB = 1000 bytes, KiB = 1024 bytes."""

import re

from microface.errors import UserError

_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": 1024**2}


def parse_size(text: str) -> int:
    """Return the bytes that `text` names, e.g. `64KiB`, `1.5 MB`, `4096`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise UserError(text, "is not a size", "write for example 64KiB, 128KB or 1MB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def show_size(size: int) -> str:
    """Return `size` bytes as text in KiB, the unit of memories: `135.0 KiB`."""
    return f"{size} B" if abs(size) < 1024 else f"{size / 1024:,.1f} KiB"
