"""A float ONNX file as an integer network: calibrated on crops by our own post-training quantisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from microface.learn.quant import max78000
from microface.learn.quant.calibrate import observe, quantisations
from microface.learn.quant.correct import equalised, mended
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.from_onnx import read_graph
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.lower import lower
from microface.learn.quant.max78000 import FitOptions
from microface.learn.quant.weights import with_steps
from microface.network import IntegerNetwork
from microface.network.inputs.mapping import SCALE, map_bytes

_BATCH = 32


@dataclass(frozen=True)
class Calibrated:
    """The integer network, and the mean cosine of its embeddings to the float network's on the crops."""

    network: IntegerNetwork
    cosine: float


def input_size(path: Path) -> tuple[int, int]:
    """Return height and width of the input of the float network at `path`."""
    _, rows, columns = read_graph(path).input_shape
    return rows, columns


def calibrated(path: Path, crops: np.ndarray, accelerated: bool = False) -> Calibrated:
    """Return the network at `path`, which reads (byte - 128) / 128, quantised on `crops` uint8 RGB [N, H, W, 3].

    With `accelerated` its layers are those of the MAX78000's accelerator; one that it cannot run is a `UserError`.
    """
    graph, integers = read_graph(path), map_bytes(np.ascontiguousarray(crops))
    whole = torch.from_numpy(integers.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(SCALE))
    batches: Sequence[torch.Tensor] = torch.split(whole, _BATCH)
    with torch.inference_mode():
        wanted = torch.cat([execute(graph, x, weights_of(graph), lambda _, value: value) for x in batches]).numpy()
    network = max78000.lower(max78000.fit(graph, batches, FitOptions())) if accelerated else _lowered(graph, batches)
    given = network.run(integers).reshape(len(crops), -1).astype(np.float64) - network.output.zero_point
    wanted = wanted.reshape(len(crops), -1).astype(np.float64)
    lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(wanted, axis=1)
    return Calibrated(network, float(((given * wanted).sum(axis=1) / np.maximum(lengths, 1e-9)).mean()))


def _lowered(graph: FloatGraph, batches: Sequence[torch.Tensor]) -> IntegerNetwork:
    """Return `graph` as an int8 network of a processor, calibrated on `batches` [N, C, H, W]."""
    graph = equalised(graph, observe(graph, batches))
    seen = observe(graph, batches)
    graph = with_steps(graph)
    return lower(*mended((graph, quantisations(graph, seen)), torch.cat(list(batches))))
