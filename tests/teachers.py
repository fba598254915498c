"""Teachers that fit in a few lines: one with weights of 8 bits, and one for the drawn data set."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from microface.photos.dataset import Dataset, unit


def tiny_teacher(path: Path) -> Path:
    """Write an ONNX network that embeds [N, 3, 112, 112] to [N, 48], and return its path.

    Mean colours of a 4 x 4 grid, through a quantised convolution and a PRelu.
    """
    random = np.random.default_rng(0)
    constants: dict[str, np.ndarray] = {
        "weights": random.integers(-100, 100, (3, 3, 1, 1)).astype(np.int8),
        "scale": np.array([0.01, 0.02, 0.015], np.float32),
        "zero": np.zeros(3, np.int8),
        "slope": np.array([0.2, -0.1, 1.3], np.float32).reshape(3, 1, 1),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["weights", "scale", "zero"], ["real"], axis=0),
        helper.make_node("AveragePool", ["input"], ["pooled"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Conv", ["pooled", "real"], ["mixed"]),
        helper.make_node("PRelu", ["mixed", "slope"], ["bent"]),
        helper.make_node("Flatten", ["bent"], ["embedding"]),
    ]
    return _write(path, nodes, constants, 48)


def drawn_teacher(data: Path, path: Path) -> Path:
    """Write an ONNX network that embeds views of the drawn data set as its stored embeddings are, but for length."""
    shards = Dataset.open(data).shards
    crops = np.concatenate([shard.crops for shard in shards])[:, 2:34, 2:34].astype(np.float64)  # the content
    targets = unit(np.concatenate([shard.embeddings for shard in shards])).astype(np.float64)
    fields = np.stack([_field(crops, y, x) for y in (0, 1, 2) for x in (0, 1, 2)], 2)  # [N, 3 colours, 9]
    colours = (fields.reshape(len(crops), 27) - 127.5) / 127.5
    matrix, *_ = np.linalg.lstsq(colours, targets, rcond=None)
    constants = {"matrix": matrix.astype(np.float32)}
    pool = {"kernel_shape": [22, 22], "strides": [38, 38], "pads": [0, 0, 0, 0]}
    nodes = [
        helper.make_node("AveragePool", ["input"], ["fields"], **pool),
        helper.make_node("Flatten", ["fields"], ["colours"]),
        helper.make_node("MatMul", ["colours", "matrix"], ["embedding"]),
    ]
    return _write(path, nodes, constants, 512)


def _field(crops: np.ndarray, row: int, column: int) -> np.ndarray:
    """Return the mean colour [N, 3] of a field, away from its edges."""
    first, last = (1, 12, 23), (8, 19, 30)
    part = crops[:, first[row] : last[row], first[column] : last[column]]
    return np.asarray(part.mean((1, 2)))


def _write(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], size: int) -> Path:
    shapes = {"input": ["N", 3, 112, 112], "embedding": ["N", size]}
    ends = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "drawn", [ends["input"]], [ends["embedding"]], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
