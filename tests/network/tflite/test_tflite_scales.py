"""Sums on the edge of a rounding tell in which precision LiteRT multiplies scales: it differs by operator and type."""

from pathlib import Path

import numpy as np
import pytest
from random_draft import Draft, byte, number

from litert import differing, reference
from microface.network.convert.tflite import import_tflite
from microface.network.convert.tflite.build import Scalar
from microface.network.convert.tflite.write import model_bytes
from microface.network.requantise import DoubleRounding, RealRounding


def edges(scales: tuple[np.float32, np.float32, np.float32], rule: type[DoubleRounding | RealRounding]) -> np.ndarray:
    """Return int64 the sums that a product of scales in float32 rounds otherwise than one in float64."""
    x, w, y = scales
    fine, coarse = float(x) * float(w) / float(y), float(x * w) / float(y)
    sums = np.round((np.arange(254) + 0.5)[:, None] / fine).astype(np.int64) + np.arange(-3, 4)
    sums = np.unique(sums[sums < 1 << 29])
    given = [_rule(rule, factor, len(sums)).apply(sums[None])[0] for factor in (fine, coarse)]
    return sums[given[0] != given[1]]


def _rule(kind: type[DoubleRounding | RealRounding], factor: float, count: int) -> DoubleRounding | RealRounding:
    factors = np.full(count, factor)
    return RealRounding(factors, 0, 0, 255) if kind is RealRounding else DoubleRounding.from_scales(factors, 0, 0, 255)


def layer(name: str, dtype: str, scales: tuple[np.float32, np.float32, np.float32], sums: np.ndarray) -> Draft:
    """Return a layer whose input of zeros gives `sums`, as its bias says."""
    draft, zero = Draft(np.random.default_rng(0), dtype), 128 if dtype == "uint8" else 0
    front = (1,) if name == "FULLY_CONNECTED" else (1, 1, 1)
    x = draft.input((*front, 1), float(scales[0]), zero)
    data = np.full((len(sums), *front[1:], 1), zero + 1, dtype)
    weights = draft.constant(data, dtype, [float(scales[1])], [zero])
    bias = draft.constant(sums.astype(np.int32), "int32", [float(scales[0] * scales[1])], [0])
    y = draft.activation((*front, len(sums)), float(scales[2]), zero - 128)
    options = {0: byte(0), 2: Scalar("B", 0)}
    if name == "CONV_2D":
        options = {0: byte(1), 1: number(1), 2: number(1), 3: byte(0)}
    draft.emit(name, (x, weights, bias), (y,), options)
    return draft


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("name", ["FULLY_CONNECTED", "CONV_2D"])
def test_sums_on_the_edge_are_litert_s(name: str, dtype: str, tmp_path: Path) -> None:
    random, path, seen = np.random.default_rng(1), tmp_path / "edge.tflite", 0
    while seen < 100:
        x, w, y = (np.float32(np.exp(random.uniform(low, low + 3))) for low in (-6, -6, -3))
        sums = edges((x, w, y), RealRounding if name == "FULLY_CONNECTED" else DoubleRounding)
        if not len(sums):
            continue
        path.write_bytes(model_bytes(layer(name, dtype, (x, w, y), sums).model()))
        imported = import_tflite(path)
        source = imported.network.input
        zeros = np.full((1, *source.shape), source.zero_point, np.int8)
        theirs = reference(
            path, {0: np.full((1,) * (2 if name[0] == "F" else 4), 128 if dtype[0] == "u" else 0, dtype)}
        )
        assert differing(imported, dict(imported.network.steps(zeros)), theirs) == []
        seen += len(sums)
