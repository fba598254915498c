"""Damaged and hostile ONNX files are refused in one line; what is not supported is named with its place."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import MAKERS, Graph, quantised
from onnxruntime.quantization import QuantFormat, QuantType

from microface.errors import DamagedFileError, UserError
from microface.network.convert.onnx import import_bytes

PATH = Path("hostile.onnx")


@cache
def written(name: str) -> bytes:
    graph = Graph(np.random.default_rng(1))
    with tempfile.TemporaryDirectory() as folder:
        path = quantised(graph, MAKERS[name](graph), Path(folder), QuantFormat.QDQ, True, QuantType.QInt8)
        return path.read_bytes()


def read(data: bytes) -> None:
    """Read `data`; any error but ours fails the test."""
    try:
        import_bytes(data, PATH)
    except UserError as error:
        assert "\n" not in str(error)


def test_a_file_cut_anywhere_is_refused() -> None:
    data = written("vector")
    for end in np.linspace(0, len(data) - 40, 120).astype(int):
        with pytest.raises(UserError) as caught:
            import_bytes(data[:end], PATH)
        assert "\n" not in str(caught.value)


def test_flipped_bytes_never_crash() -> None:
    random, data = np.random.default_rng(1), written("vector")
    for _ in range(200):
        wrong = bytearray(data)
        wrong[int(random.integers(len(data)))] = int(random.integers(256))
        read(bytes(wrong))


def test_random_bytes_are_no_network() -> None:
    random = np.random.default_rng(2)
    for length in (0, 1, 8, 100, 5000):
        with pytest.raises(DamagedFileError):
            import_bytes(random.integers(0, 256, length).astype(np.uint8).tobytes(), PATH)


@pytest.mark.parametrize("number", range(12))
def test_wrong_attributes_and_sizes_are_refused_in_one_line(number: int) -> None:
    random = np.random.default_rng(number)
    for name in MAKERS:
        model = onnx.load_from_string(written(name))
        for _ in range(3):
            changed = model.graph.node[int(random.integers(len(model.graph.node)))]
            for attribute in changed.attribute:
                for at in range(len(attribute.ints)):
                    attribute.ints[at] = int(random.choice([-1, 0, 2, 7, 2**31, 2**62]))
            constant = model.graph.initializer[int(random.integers(len(model.graph.initializer)))]
            if constant.dims and random.random() < 0.5:
                constant.dims[0] = int(random.choice([0, 1, 3, 2**40]))
        read(model.SerializeToString())


def single(odd: onnx.NodeProto, constants: dict[str, np.ndarray], dims: tuple[int, ...] = (1, 3, 8, 8)) -> bytes:
    """Return a file whose only node besides those of the input's quantisation is `odd`, which reads `real`."""
    values = {"scale": np.float32(0.1), "point": np.int8(3)} | constants
    nodes = [
        helper.make_node("QuantizeLinear", ["input", "scale", "point"], ["integers"]),
        helper.make_node("DequantizeLinear", ["integers", "scale", "point"], ["real"]),
        odd,
        helper.make_node("QuantizeLinear", ["result", "scale", "point"], ["output"]),
    ]
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, dims)
    result = helper.make_empty_tensor_value_info("output")
    parts = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "single", [source], [result], parts)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def node(kind: str, *inputs: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, ["result"], name="odd", **attributes)


REFUSED = {
    "Erf": (node("Erf", "real"), {}, r"Erf \(odd\): is not supported; microface reads Add"),
    "axis": (node("Softmax", "real", axis=2), {}, r"Softmax \(odd\): runs along axis 2 of 4"),
    "cubic": (node("Resize", "real", "", "s", mode="cubic"), {"s": np.ones(4, np.float32)}, r"resizes by b'cubic'"),
    "batch part": (node("Slice", "real", "s", "e"), {"s": np.array([1]), "e": np.array([2])}, r"takes a part of"),
    "gather": (node("Gather", "t", "real"), {"t": np.zeros(9, np.int8)}, r"gathers something else than bytes"),
    "ceil": (node("MaxPool", "real", kernel_shape=[2, 2], ceil_mode=1), {}, r"MaxPool.*ceil_mode"),
    "float weights": (node("Conv", "real", "w"), {"w": np.ones((2, 3, 1, 1), np.float32)}, r"float weights w"),
    "cycle": (node("Relu", "output"), {}, r"reads output before it is computed"),
    "batch": (node("Reshape", "real", "s"), {"s": np.array([2, 96])}, r"keep the batch in front"),
    "window": (node("MaxPool", "real", kernel_shape=[9, 9]), {}, r"MaxPool"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_named_with_its_place(name: str) -> None:
    odd, constants, message = REFUSED[name]
    with pytest.raises(UserError, match=message) as caught:
        import_bytes(single(odd, constants), PATH)
    assert str(caught.value).startswith("hostile.onnx: node 2 ")


def test_weights_that_need_their_zero_point_are_refused_with_the_mend() -> None:
    scales = {"ws": np.float32(0.1), "wp": np.uint8(3), "w": np.full((2, 3, 1, 1), 255, np.uint8)}
    model = onnx.load_from_string(single(helper.make_node("Conv", ["real", "wr"], ["result"]), scales))
    model.graph.node.insert(2, helper.make_node("DequantizeLinear", ["w", "ws", "wp"], ["wr"]))
    with pytest.raises(UserError, match=r"weight_type=QuantType\.QInt8"):
        import_bytes(model.SerializeToString(), PATH)


def test_sizes_that_no_microcontroller_holds_are_refused() -> None:
    for dims in ((1, 3, 2**20, 2**20), (1, 2**40, 1, 1), (4, 3, 8, 8), (1, 3, 0, 8)):
        with pytest.raises(UserError, match=r"shape|batch"):
            import_bytes(single(helper.make_node("Relu", ["real"], ["result"]), {}, dims), PATH)


def test_weights_in_another_file_are_refused() -> None:
    model = onnx.load_from_string(written("vector"))
    constant = max(model.graph.initializer, key=lambda each: len(each.raw_data))
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="/etc/hostname")
    with pytest.raises(UserError, match="lies in another file"):
        import_bytes(model.SerializeToString(), PATH)
