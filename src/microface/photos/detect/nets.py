"""The three networks of MTCNN as ONNX graphs: uint8 RGB pictures in, probabilities and offsets out.

K. Zhang, Z. Zhang, Z. Li, Y. Qiao, "Joint face detection and alignment using multitask cascaded convolutional
networks", IEEE Signal Processing Letters 23(10), 2016, figure 2. All take [N, H, W, 3] uint8; the networks' own
(byte - 127.5) / 128 is folded into the first convolution.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from microface.photos.detect.weights import load_weights

OPSET = 17
_OUTPUTS: dict[str, dict[str, list[int | str]]] = {
    "pnet": {"boxes": ["N", "rows", "columns", 4], "scores": ["N", "rows", "columns", 2]},
    "rnet": {"boxes": ["N", 4], "scores": ["N", 2]},
    "onet": {"boxes": ["N", 4], "landmarks": ["N", 10], "scores": ["N", 2]},
}


class _Graph:
    """Collects nodes and constants of a straight network; `last` names the newest tensor."""

    def __init__(self, weights: list[np.ndarray]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.weights: Iterator[np.ndarray] = iter(weights)
        self.last = "photo"

    def add(self, op: str, *constants: np.ndarray, output: str = "", source: str = "", **attributes: object) -> str:
        """Append a node that reads `source` (or the newest tensor) and `constants`."""
        output = output or f"{op.lower()}{len(self.nodes)}"
        names = [self._constant(value) for value in constants]
        self.nodes.append(helper.make_node(op, [source or self.last, *names], [output], **attributes))
        self.last = output
        return output

    def _constant(self, value: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, **names: str) -> None:
        """Append the next convolution of the weight file."""
        weights, bias = next(self.weights), next(self.weights)
        self.add("Conv", weights.transpose(3, 2, 0, 1), bias, **names)

    def dense(self, **names: str) -> None:
        """Append the next dense layer of the weight file."""
        self.add("Gemm", next(self.weights), next(self.weights), **names)

    def prelu(self) -> None:
        """Append the next PReLU, with one slope per channel."""
        slope = next(self.weights)
        self.add("PRelu", slope.reshape(-1, 1, 1) if slope.ndim == 3 else slope)

    def pool(self, size: int, auto_pad: str) -> None:
        """Append a maximum pool of stride 2."""
        self.add("MaxPool", kernel_shape=[size, size], strides=[2, 2], auto_pad=auto_pad)

    def flatten(self) -> None:
        """Append the flattening that the dense weights expect: columns first, then rows, then channels."""
        self.add("Transpose", perm=[0, 3, 2, 1])
        self.add("Flatten")


def build(net: str) -> onnx.ModelProto:
    """Return the ONNX model of `net` (`pnet`, `rnet` or `onet`)."""
    graph = _Graph(_with_input_folded(load_weights(net)))
    graph.add("Cast", to=TensorProto.FLOAT)
    graph.add("Transpose", perm=[0, 3, 1, 2])
    {"pnet": _pnet, "rnet": _rnet, "onet": _onet}[net](graph)
    return _model(net, graph)


def _with_input_folded(weights: list[np.ndarray]) -> list[np.ndarray]:
    first, bias = weights[0].astype(np.float64), weights[1]
    folded = bias - first.sum(axis=(0, 1, 2)) * (127.5 / 128)
    return [(first / 128).astype(np.float32), folded.astype(np.float32), *weights[2:]]


def _pnet(graph: _Graph) -> None:
    graph.conv()
    graph.prelu()
    graph.pool(2, "SAME_UPPER")
    graph.conv()
    graph.prelu()
    graph.conv()
    graph.prelu()
    shared = graph.last
    graph.conv(output="offsets", source=shared)
    graph.conv(output="logits", source=shared)
    graph.add("Transpose", source="offsets", output="boxes", perm=[0, 2, 3, 1])
    graph.add("Softmax", source="logits", axis=1)
    graph.add("Transpose", output="scores", perm=[0, 2, 3, 1])


def _rnet(graph: _Graph) -> None:
    _two_pooled(graph)
    graph.conv()
    graph.prelu()
    graph.flatten()
    graph.dense()
    graph.prelu()
    shared = graph.last
    graph.dense(output="boxes", source=shared)
    graph.dense(source=shared)
    graph.add("Softmax", output="scores", axis=1)


def _onet(graph: _Graph) -> None:
    _two_pooled(graph)
    graph.conv()
    graph.prelu()
    graph.pool(2, "SAME_UPPER")
    graph.conv()
    graph.prelu()
    graph.flatten()
    graph.dense()
    graph.prelu()
    shared = graph.last
    graph.dense(output="boxes", source=shared)
    graph.dense(output="landmarks", source=shared)
    graph.dense(source=shared)
    graph.add("Softmax", output="scores", axis=1)


def _two_pooled(graph: _Graph) -> None:
    graph.conv()
    graph.prelu()
    graph.pool(3, "SAME_UPPER")
    graph.conv()
    graph.prelu()
    graph.pool(3, "VALID")


def _model(net: str, graph: _Graph) -> onnx.ModelProto:
    photo = helper.make_tensor_value_info("photo", TensorProto.UINT8, ["N", "H", "W", 3])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in _OUTPUTS[net].items()]
    whole = helper.make_graph(graph.nodes, net, [photo], outputs, graph.constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
