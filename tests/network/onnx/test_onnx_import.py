"""Files that onnxruntime's own static quantisation makes are read, and give its integers but for its roundings."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import MAKERS, Graph, quantised
from onnxruntime.quantization import QuantFormat, QuantType

from microface.network.convert.onnx import Imported, import_bytes, import_onnx
from microface.network.convert.onnx.run import TensorDifference, compare

FORMS = [(form, channels, kind) for form in QuantFormat for channels in (False, True) for kind in ("QInt8", "QUInt8")]


def noise(imported: Imported, seed: int, count: int = 8) -> np.ndarray:
    shape = imported.network.input.shape
    return np.random.default_rng(seed).integers(-128, 128, (count, *shape)).astype(np.int8)


def measured(name: str, folder: Path, seed: int, form: QuantFormat, per_channel: bool, kind: str) -> TensorDifference:
    """u8 files have 7-bit weights: onnxruntime's u8 x s8 kernels saturate at 16 bits on x86 without VNNI."""
    graph = Graph(np.random.default_rng(seed))
    output = MAKERS[name](graph)
    path = quantised(graph, output, folder, form, per_channel, QuantType[kind], reduce=kind == "QUInt8")
    imported = import_onnx(path)
    return compare(imported, path.read_bytes(), noise(imported, seed))


@pytest.mark.parametrize("form,per_channel,kind", FORMS)
@pytest.mark.parametrize("name", MAKERS)
def test_integers_differ_from_onnxruntime_by_rounding_alone(
    name: str, form: QuantFormat, per_channel: bool, kind: str, tmp_path: Path
) -> None:
    found = measured(name, tmp_path, 3, form, per_channel, kind)
    print(f"{name} {form.name} {per_channel} {kind}: {found}")
    assert found.tensors >= 5 and found.integers > 2_000
    # onnxruntime's Resize of integers cuts the fraction of a two-way interpolation, which ours rounds
    few = 0.2 if name == "parts" and form is QuantFormat.QOperator else 0.01
    assert found.single_largest <= 1 and found.single <= few * found.integers
    largest = 4 if few < 0.1 else 8
    assert found.whole_largest <= largest and found.whole <= (few + 0.03) * found.integers


def test_what_is_compared_can_differ(tmp_path: Path) -> None:
    graph = Graph(np.random.default_rng(5))
    path = quantised(graph, MAKERS["residual"](graph), tmp_path, QuantFormat.QDQ, True, QuantType.QInt8)
    imported = import_onnx(path)
    for op in imported.network.operators:
        if hasattr(op, "bias"):
            op.bias[...] += 3000
    found = compare(imported, path.read_bytes(), noise(imported, 1))
    assert found.single > 0.05 * found.integers and found.single_largest > 1


def test_relu_and_clip_become_ranges(tmp_path: Path) -> None:
    graph = Graph(np.random.default_rng(6))
    ends = [graph.constant(np.array(end, np.float32)) for end in (0, 0.5)]
    x = graph.add("Relu", [graph.conv("input", 3, 8)])
    x = graph.add("Clip", [graph.conv(x, 8, 8, group=8), *ends])
    path = quantised(graph, x, tmp_path, QuantFormat.QDQ, True, QuantType.QInt8)
    network = import_onnx(path).network
    assert [op.kind for op in network.operators] == ["conv2d", "depthwise_conv2d"]
    for op in network.operators:
        values = network.tensors[op.output].dequantise(network.run_all(noise(import_onnx(path), 1))[op.output])
        assert values.min() >= 0 and values.max() > 0.2
    assert values.max() < 0.52


def test_a_flattened_image_gives_its_weights_our_order(tmp_path: Path) -> None:
    graph = Graph(np.random.default_rng(8))
    output = graph.gemm(graph.add("Flatten", [graph.conv("input", 3, 4)]), 4 * 144, 6)
    path = quantised(graph, output, tmp_path, QuantFormat.QDQ, True, QuantType.QInt8)
    imported = import_onnx(path)
    assert [op.kind for op in imported.network.operators] == ["conv2d", "dense"]
    assert compare(imported, path.read_bytes(), noise(imported, 2)).whole_largest <= 1


@pytest.mark.parametrize("form", list(QuantFormat))
def test_a_detectors_lists_are_joined_and_weighed(form: QuantFormat, tmp_path: Path) -> None:
    graph = Graph(np.random.default_rng(9))
    sizes = graph.constant(np.array([1, -1, 2], np.int64))
    lists = [
        graph.add("Reshape", [graph.add("Transpose", [graph.conv("input", 3, 4)], perm=[0, 2, 3, 1]), sizes])
        for _ in range(2)
    ]
    output = graph.add("Softmax", [graph.add("Concat", lists, axis=1)], axis=2)
    path = quantised(graph, output, tmp_path, form, True, QuantType.QInt8)
    imported = import_onnx(path)
    assert imported.network.output.shape == (1, 1, 2 * 2 * 144 * 2)
    found = compare(imported, path.read_bytes(), noise(imported, 2))
    # in the QDQ form onnxruntime runs a kernel that cuts the softmax's scale, see below; the others are equal
    few = 0.15 if form is QuantFormat.QDQ else 0.01
    assert found.single_largest <= 1 and found.single <= few * found.integers


def softmax_file(integer: bool, draw: np.random.Generator, values: int) -> bytes:
    """Return a softmax of int8 [1, values] in the QLinear form, or in the QDQ form."""
    scales = {"x_scale": draw.uniform(0.01, 0.2), "y_scale": draw.uniform(1 / 256, 1 / 128)}
    points = {"x_zero": draw.integers(-50, 50), "y_zero": draw.integers(-128, -100)}
    constants = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in scales.items()]
    constants += [numpy_helper.from_array(np.array(value, np.int8), name) for name, value in points.items()]
    x, y = ["x", "x_scale", "x_zero"], ["y_scale", "y_zero"]
    nodes = [
        helper.make_node("DequantizeLinear", x, ["x_real"]),
        helper.make_node("Softmax", ["x_real"], ["y_real"], axis=-1),
        helper.make_node("QuantizeLinear", ["y_real", *y], ["y"]),
    ]
    if integer:
        nodes = [helper.make_node("QLinearSoftmax", [*x, *y], ["y"], domain="com.microsoft", axis=-1, opset=13)]
    ends = [helper.make_tensor_value_info(name, TensorProto.INT8, [1, values]) for name in "xy"]
    graph = helper.make_graph(nodes, "softmax", ends[:1], ends[1:], constants)
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.mark.parametrize("integer", [True, False], ids=["QLinear", "QDQ"])
def test_a_softmax_is_that_of_the_files_nodes(integer: bool) -> None:
    """onnxruntime runs the QDQ form by its QLinear kernel, whose scale is cut to 1 / an integer: then by 1 at most."""
    draw, gaps = np.random.default_rng(4), []
    for values in (2, 2, 3, 10):
        data = softmax_file(integer, draw, values)
        imported = import_bytes(data, Path("softmax.onnx"))
        x = draw.integers(-128, 128, (100, 1, 1, values)).astype(np.int8)
        found = compare(imported, data, x, fuse=integer)
        assert found.single == found.whole == 0
        gaps.append(compare(imported, data, x, fuse=True).whole_largest)
    assert max(gaps) == (0 if integer else 1)
