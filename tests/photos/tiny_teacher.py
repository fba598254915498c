"""A teacher that fits in a few lines: mean colours of a 4 x 4 grid, through a PRelu and a quantised convolution."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def tiny_teacher(path: Path) -> Path:
    """Write an ONNX network that embeds [N, 3, 112, 112] to [N, 48], and return its path."""
    random = np.random.default_rng(0)
    constants = {
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
    shapes = {"input": ["N", 3, 112, 112], "embedding": ["N", 48]}
    ends = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [ends["input"]], [ends["embedding"]], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
