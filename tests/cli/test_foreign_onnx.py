"""ONNX files in the verbs: out and in again, and on the emulated chip."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from running import RunCli

from microface.demo.cast import PEOPLE
from microface.models import ModelPackage
from microface.network import save_network
from microface.network.anchor import RandomBuilder
from microface.network.convert.onnx import import_onnx


def write_small(path: Path) -> None:
    """Write a small network of our own to `path`."""
    builder = RandomBuilder((32, 32, 3), 4)
    x = builder.conv("stem", "input", 8, kernel=3, stride=2)
    x = builder.mean("mean", builder.depthwise("middle", x))
    builder.dense("embedding", x, 16)
    save_network(builder.build("small"), path)


def test_out_and_in_again_and_on_the_chip(cli: RunCli, tmp_path: Path) -> None:
    write_small(tmp_path / "small.mfn")
    outcome = cli("export", "small.mfn", "--to", "onnx", "--output", "small.onnx", "--json", "export.json")
    assert outcome.code == 0
    assert json.loads((tmp_path / "export.json").read_text())["cosine"] > 0.99
    outcome = cli("import", "small.onnx", "--output", "small.mface", "--json", "import.json")
    assert outcome.code == 0 and "beside onnxruntime" in " ".join(outcome.out.split())
    assert json.loads((tmp_path / "import.json").read_text())["onnxruntime"]["single_largest"] <= 1
    assert ModelPackage.load(tmp_path / "small.mface").network.output.shape == (1, 1, 16)
    x = np.random.default_rng(0).integers(-128, 128, (32, 32, 3)).astype(np.int8)
    np.save(tmp_path / "x.npy", x)
    assert cli("build", "small.onnx", "--target", "stm32h743zi", "--output", "firmware").code == 0
    assert cli("emulate", "firmware", "--input", "x.npy", "--json", "run.json").code == 0
    wanted = import_onnx(tmp_path / "small.onnx").network.run(x[None]).ravel().tolist()
    assert json.loads((tmp_path / "run.json").read_text())["output"] == wanted


def test_the_float_network_beside_a_package_goes_out(cli: RunCli, tmp_path: Path) -> None:
    outcome = cli("export", "default", "--to", "onnx-float", "--output", "float.onnx", "--json", "export.json")
    assert outcome.code == 0
    assert json.loads((tmp_path / "export.json").read_text())["cosine"] > 0.95
    told = {each.key: each.value for each in onnx.load(tmp_path / "float.onnx").metadata_props}
    assert {"input", "preprocess", "embedding", "licence"} <= told.keys()


def write_float(path: Path) -> None:
    """Write a float network of two layers to `path`."""
    random = np.random.default_rng(0)
    weights = {"stem": (8, 3, 3, 3), "last": (6, 8)}
    nodes = [
        helper.make_node("Conv", ["input", "stem"], ["x"], strides=[2, 2]),
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("GlobalAveragePool", ["y"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "last"], ["output"], transB=1),
    ]
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 32, 32])
    result = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 6])
    parts = [
        numpy_helper.from_array(random.normal(size=size).astype(np.float32), name) for name, size in weights.items()
    ]
    graph = helper.make_graph(nodes, "tiny", [source], [result], parts)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def test_a_float_file_is_quantised_on_photos(cli: RunCli, tmp_path: Path) -> None:
    write_float(tmp_path / "tiny.onnx")
    (tmp_path / "faces").mkdir()
    for path in sorted(PEOPLE.rglob("*.jpg"))[:10]:
        shutil.copy(path, tmp_path / "faces" / f"{path.parent.name}-{path.name}")
    outcome = cli("import", "tiny.onnx", "--output", "tiny.mface")
    assert outcome.code == 2 and "add --photos FOLDER" in outcome.line
    outcome = cli("import", "tiny.onnx", "--output", "tiny.mface", "--photos", "faces")
    assert outcome.code == 0 and "faces: cosine" in outcome.out
    package = ModelPackage.load(tmp_path / "tiny.mface")
    assert [op.kind for op in package.network.operators] == ["conv2d", "mean", "dense"]
    assert (package.preprocess.width, package.preprocess.height) == (32, 32)


def test_bad_words_are_told_in_one_line(cli: RunCli, tmp_path: Path) -> None:
    write_small(tmp_path / "small.mfn")
    assert cli("export", "small.mfn", "--to", "onnx", "--output", "small.onnx").code == 0
    (tmp_path / "cut.onnx").write_bytes((tmp_path / "small.onnx").read_bytes()[:900])
    cases = {
        ("import", "cut.onnx", "--output", "x.mface"): "cut.onnx",
        ("export", "small.mfn", "--to", "onnx-float", "--output", "x.onnx"): "float",
        ("export", "small.mfn", "--to", "coreml", "--output", "x.onnx"): "use tflite, onnx, onnx-float",
    }
    for words, part in cases.items():
        outcome = cli(*words)
        assert outcome.code == 2 and part in outcome.err and not (tmp_path / "x.mface").exists()
        assert not (tmp_path / "x.onnx").exists()
