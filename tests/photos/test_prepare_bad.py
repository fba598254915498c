"""Bad input to `prepare`: one clear line each, and nothing lost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from prepare_help import people, prepared, recipe_with

from microface.errors import UserError
from microface.photos.dataset import Dataset
from microface.photos.prepare import Source, prepare
from microface.photos.teacher import Teacher
from teachers import tiny_teacher

_LIMITED = """
import resource, signal, sys
from microface.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
main()
"""


def command(source: Path, teacher: Path, output: Path, most_bytes: int) -> subprocess.CompletedProcess[str]:
    """Run `microface prepare` where no file may grow beyond `most_bytes`, as on a full disk."""
    options = ["prepare", str(source), "--teacher", str(teacher), "--output", str(output), "--workers", "1"]
    arguments = [sys.executable, "-c", _LIMITED, str(most_bytes), *options, "--share", "0.3", "--same", "0"]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def test_a_full_disk_is_told_and_the_run_goes_on_later(tmp_path: Path) -> None:
    source = people(tmp_path / "home", "Arlo/enrol-1.jpg", "Brisa/enrol-1.jpg")
    teacher = tiny_teacher(tmp_path / "teacher.onnx")
    full = command(source, teacher, tmp_path / "set", 40_000)
    assert full.returncode == 2 and len(full.stderr.strip().splitlines()) == 1
    assert "cannot be written" in full.stderr and "free space" in full.stderr
    assert len(Dataset.open(tmp_path / "set").shards) == 0
    assert not list((tmp_path / "set").glob(".crops*"))
    enough = command(source, teacher, tmp_path / "set", 10_000_000)
    assert enough.returncode == 0, enough.stderr
    assert len(Dataset.open(tmp_path / "set")) == 2


def network(path: Path, taken: list[int | str], given: list[int | str]) -> Path:
    """Write a network that averages `taken` to whatever; only its shapes matter."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("input", taken), ("embedding", given))
    ]
    operator = "Flatten" if len(given) == 2 else "Identity"
    graph = helper.make_graph([helper.make_node(operator, ["input"], ["embedding"])], "odd", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("taken", "given", "said"),
    [
        (["N", 3, 160, 160], ["N", 76800], "takes N x 3 x 160 x 160; give a network from N x 3 x 112 x 112"),
        (["N", 112, 112, 3], ["N", 37632], "takes N x 112 x 112 x 3"),
        (["N", 3, 112, 112], ["N", 3, 112, 112], "gives N x 3 x 112 x 112"),
        ([8, 3, 112, 112], [8, 37632], "takes exactly 8 faces at once"),
    ],
)
def test_a_teacher_of_another_shape(tmp_path: Path, taken: list[int | str], given: list[int | str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Teacher(network(tmp_path / "odd.onnx", taken, given))


def test_a_teacher_that_takes_one_face_at_a_time(tmp_path: Path) -> None:
    teacher = Teacher(network(tmp_path / "one.onnx", [1, 3, 112, 112], [1, 37632]))
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    assert np.allclose(teacher.embed(crops)[2], (crops[2].transpose(2, 0, 1).ravel() - 127.5) / 127.5)


def test_a_person_in_both_splits_of_a_data_set(tmp_path: Path) -> None:
    source = people(tmp_path / "home", "Arlo/enrol-1.jpg", "Arlo/enrol-2.jpg")
    prepared(source, recipe_with(tmp_path), tmp_path / "set")
    path = tmp_path / "set/rows-00000.jsonl"
    path.write_text(path.read_text().replace('"train"', '"held_out"', 1))
    with pytest.raises(UserError, match="home:Arlo is in both splits; prepare the data set again"):
        Dataset.open(tmp_path / "set", verify=False).check_people()


def test_warnings_of_libraries_in_c_stay_off_the_screen(tmp_path: Path) -> None:
    source = people(tmp_path / "home", "Arlo/enrol-1.jpg")
    path = source / "Arlo/enrol-1.jpg"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\xd3" * 20  # restart markers where none belong
    path.write_bytes(data)
    run = command(source, tiny_teacher(tmp_path / "teacher.onnx"), tmp_path / "set", 10_000_000)
    assert run.returncode == 0 and run.stderr.strip() == ""


def test_a_folder_without_photos_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "home/Nobody").mkdir(parents=True)
    recipe = recipe_with(tmp_path)
    with pytest.raises(UserError, match="holds no photos"):
        prepare([Source(tmp_path / "home")], recipe, tmp_path / "set")
    assert not (tmp_path / "set").exists()
