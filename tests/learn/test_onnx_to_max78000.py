"""A float ONNX file as layers of the MAX78000's accelerator: calibrated, placed, near the float network."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from microface.chip.plan.max78000 import is_for_accelerator, plan_accelerator
from microface.chip.targets import Target
from microface.cli.importing import _network, _Vendor
from microface.errors import UserError
from microface.learn.import_float import calibrated

TARGET = Target.load("max78000")
SIDE = 24


def save(path: Path, stride: int = 1) -> Path:
    """A network as others train it for this chip: 3x3 convolutions, pools between, an average, one embedding."""
    random = np.random.default_rng(0)
    shapes = {"a": (16, 3, 3, 3), "b": (32, 16, 3, 3), "c": (64, 32, 3, 3), "d": (24, 64, 1, 1)}
    values = {name: random.normal(size=shape) / np.sqrt(np.prod(shape[1:]) / 2) for name, shape in shapes.items()}
    values |= {f"bias_{name}": random.normal(size=shape[0]) / 8 for name, shape in shapes.items()}
    nodes, last = [], "input"
    for name, shape in shapes.items():
        if name != "a":
            nodes.append(helper.make_node("MaxPool", [last], [f"p_{name}"], kernel_shape=[2, 2], strides=[2, 2]))
            last = f"p_{name}"
        pads, steps = [shape[2] // 2] * 4, [stride if name == "a" else 1] * 2
        nodes.append(helper.make_node("Conv", [last, name, f"bias_{name}"], [f"c_{name}"], pads=pads, strides=steps))
        last = f"c_{name}"
        if name != "d":
            nodes.append(helper.make_node("Relu", [last], [f"r_{name}"]))
            last = f"r_{name}"
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["output"]),
    ]
    ends = [("input", ["N", 3, SIDE, SIDE]), ("output", ["N", 24])]
    source, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
    parts = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
    graph = helper.make_graph(nodes, path.stem, [source], [result], parts)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


def test_it_becomes_layers_of_the_accelerator(tmp_path: Path) -> None:
    found = calibrated(save(tmp_path / "face.onnx"), crops(40), accelerated=True)
    assert is_for_accelerator(found.network) and found.cosine > 0.98
    plan = plan_accelerator(found.network, TARGET)
    assert [layer.layer.pool for layer in plan.layers][1:4] == ["max", "max", "max"]


def test_what_the_accelerator_cannot_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        calibrated(save(tmp_path / "stride.onnx", stride=2), crops(8), accelerated=True)


def test_a_quantised_file_is_not_bent_to_powers_of_two(tmp_path: Path) -> None:
    from microface.network.anchor import anchor_network
    from microface.network.convert.onnx import onnx_bytes

    path = tmp_path / "eight.onnx"
    path.write_bytes(onnx_bytes(anchor_network()))
    with pytest.raises(UserError, match="is quantised already"):
        _network(path, _Vendor(), None, "aligned", TARGET)


def test_the_command_names_the_target() -> None:
    from microface.cli.app import app

    assert "--target" in CliRunner().invoke(app, ["import", "--help"], env={"COLUMNS": "200"}).output
