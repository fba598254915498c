"""Files that are whole or not there: atomic writes, and a checksummed container for nouns.

Container, little endian: 8 bytes magic `MFACE\\r\\n\\0`, u32 format version, u32 length of the header, the header
(UTF-8 JSON: `kind`, `content`, and per array `name, dtype, shape, offset`), the arrays' bytes (each starting at a
multiple of 16 from the end of the header), and the SHA-256 of everything before it.
"""

import contextlib
import hashlib
import io
import json
import os
import struct
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from microface.errors import DamagedFileError, UserError

MAGIC = b"MFACE\r\n\0"
VERSION = 1
_DIGEST_BYTES = 32
_ALIGN = 16


@contextlib.contextmanager
def atomic_write(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; on success it takes the name, on any error nothing is left.

    `mode` is the permission of the finished file; files with embeddings use 0o600.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def cannot_write(path: Path, error: OSError) -> UserError:
    """Return what to raise when `path` could not be written."""
    return UserError(path, f"cannot be written ({error.strerror})", "free space or choose another folder")


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write `data` to `path`, wholly or not at all."""
    with atomic_write(path, mode) as stream:
        stream.write(data)


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write `text` as UTF-8 to `path`, wholly or not at all."""
    write_bytes(path, text.encode(), mode)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what the TOML file at `path` holds; a `UserError` where it cannot be read or is none."""
    try:
        return tomllib.loads(read_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(path, f"is not a TOML file ({error})", "mend that line") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with a newline at the end, wholly or not at all."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


@dataclass(frozen=True)
class Container:
    """What a container file holds: the `kind` of noun, JSON-able `content`, named `arrays`."""

    kind: str
    content: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def to_bytes(self) -> bytes:
        """Return the file's bytes; equal containers give equal bytes."""
        body = io.BytesIO()
        entries = [self._append(body, name, array) for name, array in sorted(self.arrays.items())]
        header = json.dumps({"kind": self.kind, "content": self.content, "arrays": entries}, sort_keys=True)
        head = MAGIC + struct.pack("<II", VERSION, len(header.encode())) + header.encode()
        whole = head + body.getvalue()
        return whole + hashlib.sha256(whole).digest()

    @staticmethod
    def _append(body: BinaryIO, name: str, array: np.ndarray) -> dict[str, Any]:
        body.write(b"\0" * (-body.tell() % _ALIGN))
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        entry = {"name": name, "dtype": little.dtype.str, "shape": list(array.shape), "offset": body.tell()}
        body.write(little.tobytes())
        return entry

    @classmethod
    def from_bytes(cls, data: bytes, kind: str, path: Path) -> "Container":
        """Read a container of `kind` from `data`; `path` names it in errors."""
        header, body = _checked_header(data, path)
        if header["kind"] != kind:
            raise DamagedFileError(path, f"holds a {header['kind']}, not a {kind}", f"give a {kind} file")
        arrays = {entry["name"]: _array(entry, body) for entry in header["arrays"]}
        return cls(kind, header["content"], arrays)


def _checked_header(data: bytes, path: Path) -> tuple[dict[str, Any], memoryview]:
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + 8 + _DIGEST_BYTES:
        raise DamagedFileError(path, "is not a microface file", "give a file that microface wrote")
    version, length = struct.unpack_from("<II", data, len(MAGIC))
    if version != VERSION:
        raise DamagedFileError(path, f"has format version {version}", f"this release reads version {VERSION}")
    if hashlib.sha256(data[:-_DIGEST_BYTES]).digest() != data[-_DIGEST_BYTES:]:
        raise DamagedFileError(path, "is damaged (checksum differs)", "copy or make it again")
    start = len(MAGIC) + 8
    header: dict[str, Any] = json.loads(data[start : start + length])
    return header, memoryview(data)[start + length : -_DIGEST_BYTES]


def _array(entry: dict[str, Any], body: memoryview) -> np.ndarray:
    dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(body, dtype, count, entry["offset"]).reshape(shape)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of `path`; a missing or unreadable file is a `UserError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check the name") from error


def read_container(path: Path, kind: str) -> Container:
    """Read the container of `kind` at `path`."""
    return Container.from_bytes(read_bytes(path), kind, path)


def write_container(path: Path, kind: str, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a container of `kind` to `path`, wholly or not at all."""
    write_bytes(path, Container(kind, dict(content), dict(arrays)).to_bytes())
