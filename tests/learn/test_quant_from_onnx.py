"""Float ONNX files: read as our own graph, they compute the same, and calibration brings them to integers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from microface.errors import UserError
from microface.learn.import_float import calibrated
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.from_onnx import read_graph
from microface.learn.quant.onnx_file import OnnxNetwork
from microface.network.convert.onnx.model import is_float, read_model

SIDE = 16


def model(kind: str = "Relu") -> onnx.ModelProto:
    """A stem with batch norm, a depthwise layer with relu6, a sum, pools, a join, a product with its bias added."""
    random = np.random.default_rng(0)
    values: dict[str, np.ndarray] = {"low": np.float32(0), "high": np.float32(6)}
    for name, shape in {"stem": (8, 3, 3, 3), "deep": (8, 1, 3, 3), "last": (8, 8, 1, 1), "out": (16 * 49, 6)}.items():
        values[name] = (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    for name in ("gain", "shift", "mean", "bias8"):
        values[name] = random.normal(size=8).astype(np.float32)
    values |= {"variance": random.uniform(0.5, 2, 8).astype(np.float32), "bias6": np.ones(6, np.float32)}
    norm = ["stem_out", "gain", "shift", "mean", "variance"]
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["input", "stem"], ["stem_out"], strides=[2, 2], **pads),
        helper.make_node("BatchNormalization", norm, ["normed"]),
        helper.make_node(kind, ["normed"], ["x"]),
        helper.make_node("Conv", ["x", "deep", "bias8"], ["deep_out"], group=8, **pads),
        helper.make_node("Clip", ["deep_out", "low", "high"], ["cut"]),
        helper.make_node("Conv", ["cut", "last"], ["last_out"]),
        helper.make_node("Add", ["x", "last_out"], ["sum"]),
        helper.make_node("MaxPool", ["sum"], ["largest"], kernel_shape=[2, 2], strides=[1, 1]),
        helper.make_node("AveragePool", ["sum"], ["average"], kernel_shape=[2, 2], strides=[1, 1]),
        helper.make_node("Concat", ["largest", "average"], ["joined"], axis=1),
        helper.make_node("Flatten", ["joined"], ["flat"]),
        helper.make_node("MatMul", ["flat", "out"], ["product"]),
        helper.make_node("Add", ["bias6", "product"], ["output"]),
    ]
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    result = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 6])
    parts = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "small", [source], [result], parts)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


def test_the_graph_computes_what_onnxruntime_computes(tmp_path: Path) -> None:
    onnx.save(model(), tmp_path / "small.onnx")
    graph = read_graph(tmp_path / "small.onnx")
    x = np.random.default_rng(2).normal(size=(5, 3, SIDE, SIDE)).astype(np.float32)
    with torch.inference_mode():
        ours = execute(graph, torch.from_numpy(x), weights_of(graph), lambda _, value: value).numpy()
    assert np.allclose(ours.reshape(5, -1), OnnxNetwork(model()).embed(x), atol=1e-4)


def test_calibration_brings_it_to_integers(tmp_path: Path) -> None:
    onnx.save(model(), tmp_path / "small.onnx")
    assert is_float(read_model(tmp_path / "small.onnx"))
    found = calibrated(tmp_path / "small.onnx", crops(40))
    assert found.cosine > 0.99
    kinds = {op.kind for op in found.network.operators}
    assert kinds == {"conv2d", "depthwise_conv2d", "add", "max_pool", "average_pool", "concat", "dense"}


def test_what_is_not_supported_is_named(tmp_path: Path) -> None:
    onnx.save(model("Softplus"), tmp_path / "odd.onnx")
    with pytest.raises(UserError, match=r"odd\.onnx: node 2 Softplus: is not supported; microface calibrates Add"):
        read_graph(tmp_path / "odd.onnx")


def test_weights_kept_as_integers_are_read_as_real_ones(tmp_path: Path) -> None:
    whole, kept = model(), model()
    stem = next(each for each in kept.graph.initializer if each.name == "stem")
    real = numpy_helper.to_array(stem)
    steps = (np.abs(real).max((1, 2, 3)) / 127).astype(np.float32)
    integers = np.rint(real / steps[:, None, None, None]).astype(np.int8)
    kept.graph.initializer.remove(stem)
    for name, values in {"whole": integers, "steps": steps, "points": np.zeros(8, np.int8)}.items():
        kept.graph.initializer.append(numpy_helper.from_array(values, name))
    kept.graph.node.insert(0, helper.make_node("DequantizeLinear", ["whole", "steps", "points"], ["stem"], axis=0))
    found = []
    for number, each in enumerate((whole, kept)):
        onnx.save(each, tmp_path / f"{number}.onnx")
        found.append(next(read_graph(tmp_path / f"{number}.onnx").weighted()).weights)
    assert not np.array_equal(*found) and np.allclose(*found, atol=float(np.abs(found[0]).max()) / 100)
