from pathlib import Path

import numpy as np
import onnx
import pytest

from microface.errors import UserError
from microface.photos.sessions import quickened, session
from microface.photos.teacher import Teacher
from teachers import tiny_teacher


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, 112, 112, 3), np.uint8)


@pytest.mark.parametrize("count", [0, 1, 4, 7])
def test_any_number_of_crops(tmp_path: Path, count: int) -> None:
    teacher = Teacher(tiny_teacher(tmp_path / "teacher.onnx"))
    embeddings = teacher.embed(crops(count))
    assert embeddings.shape == (count, teacher.dimensions) == (count, 48)
    assert embeddings.dtype == np.float32


def test_the_rewritten_network_gives_the_same(tmp_path: Path) -> None:
    path = tiny_teacher(tmp_path / "teacher.onnx")
    values = (crops(3).transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 127.5
    model = onnx.load(path)
    assert "PRelu" not in {node.op_type for node in quickened(model).graph.node}
    right = session(model).run(None, {"input": values})[0]
    assert np.abs(Teacher(path).embed(crops(3)) - right).max() < 2e-6 * np.abs(right).max()


def test_the_published_teacher_is_rewritten_to_the_same(shared: Path) -> None:
    path = shared / "data" / "teacher_mbf_512.onnx"
    values = (crops(2).transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 127.5
    right = session(onnx.load(path)).run(None, {"input": values})[0]
    assert np.abs(Teacher(path).embed(crops(2)) - right).max() < 1e-5 * np.abs(right).max()


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "teacher.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(UserError, match=r"teacher\.onnx"):
        Teacher(path)
    with pytest.raises(UserError, match="cannot be read"):
        Teacher(tmp_path / "missing.onnx")
