"""Writing what `torch.load` reads, without torch: a zip archive of raw tensors and the pickle that names them.

Layout: https://docs.pytorch.org/docs/stable/notes/serialization.html, "torch.save and torch.load file format". Opcodes
are those of Python's `pickletools`, protocol 2.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

_REBUILD, _STORAGE, _HOOKS = (
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch\nFloatStorage\n",
    b"ccollections\nOrderedDict\n)R",
)


def torch_file(content: Mapping[str, Any]) -> bytes:
    """Return the file of `content`: texts, whole numbers, arrays (as float32 tensors), and mappings of these."""
    tensors: list[np.ndarray] = []
    pickled = b"\x80\x02" + _value(content, tensors) + b"."
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in {"data.pkl": pickled, "byteorder": b"little", "version": b"3\n"}.items():
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), data)
        for number, tensor in enumerate(tensors):
            archive.writestr(zipfile.ZipInfo(f"archive/data/{number}"), tensor.astype("<f4").tobytes())
    return stream.getvalue()


def _value(value: Any, tensors: list[np.ndarray]) -> bytes:
    """Return the opcodes that leave `value` on the stack; arrays go to `tensors`."""
    if isinstance(value, Mapping):
        pairs = b"".join(_value(key, tensors) + _value(each, tensors) for key, each in value.items())
        return b"}(" + pairs + b"u"
    if isinstance(value, str):
        text = value.encode()
        return b"X" + len(text).to_bytes(4, "little") + text
    if isinstance(value, int):
        return b"J" + value.to_bytes(4, "little", signed=True)
    tensors.append(np.asarray(value))
    return _tensor(tensors[-1], len(tensors) - 1)


def _tensor(array: np.ndarray, number: int) -> bytes:
    strides = [int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)]
    about = _value("storage", []) + _STORAGE + _value(str(number), []) + _value("cpu", []) + _value(array.size, [])
    storage = b"(" + about + b"tQ"
    arguments = storage + _value(0, []) + _whole(array.shape) + _whole(strides) + b"\x89" + _HOOKS
    return _REBUILD + b"(" + arguments + b"tR"


def _whole(numbers: Any) -> bytes:
    return b"(" + b"".join(_value(int(number), []) for number in numbers) + b"t"
