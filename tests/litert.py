"""LiteRT's reference kernels: the definition that imported networks are compared with."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from microface.network.convert.tflite import Imported


def reference(path: Path, inputs: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Return every tensor by its number for `inputs`; skips where LiteRT is not installed."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert to compare with")
    runner = interpreter.Interpreter(
        str(path),
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    runner.allocate_tensors()
    for index, values in inputs.items():
        runner.set_tensor(index, values)
    runner.invoke()
    found = {}
    for detail in runner.get_tensor_details():
        with contextlib.suppress(ValueError):  # a kernel's own scratch may hold nothing
            found[detail["index"]] = runner.get_tensor(detail["index"])
    return found


def differing(imported: Imported, ours: dict[str, np.ndarray], theirs: dict[int, np.ndarray]) -> list[str]:
    """Return the names of the file's tensors that are not the same to the bit."""
    return [
        name
        for index, name in imported.names.items()
        if theirs[index].dtype != np.float32 and not np.array_equal(ours[name].ravel(), signed(theirs[index]).ravel())
    ]


def signed(values: np.ndarray) -> np.ndarray:
    """Return `values`; bytes without a sign moved by 128, as they are read."""
    return (values.astype(np.int16) - 128).astype(np.int8) if values.dtype == np.uint8 else values
