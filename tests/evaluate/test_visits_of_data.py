"""Visit statistics from a data set's held-out people."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microface.cli.evaluate import app
from microface.errors import UserError
from microface.evaluate.engines import Engine, open_engine
from microface.evaluate.visits import held_out_people, measure_dataset
from microface.models import ModelPackage
from microface.network.scores import Score
from microface.photos.crop import TEACHER_VIEW
from microface.photos.dataset import Dataset, Manifest
from microface.photos.dataset.writer import ShardContent, write_shard
from microface.photos.preprocess import Preprocess


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two shards of noise, 20 x 20 with a margin of 2: 30 held-out people with 4 crops, as many who train, unnamed."""
    generator = np.random.default_rng(4)
    folder = tmp_path / "data"
    infos = []
    for number in range(2):
        patterns = generator.integers(20, 236, (40, 1, 20, 20, 3))
        crops = patterns + generator.integers(-9, 10, (40, 4, 20, 20, 3))
        kinds = [("", "train") if i < 5 else (f"n{number}-{i}", "train" if i < 25 else "held_out") for i in range(40)]
        rows = [{"key": f"{i}-{k}", "identity": kinds[i][0], "split": kinds[i][1]} for i in range(40) for k in range(4)]
        embeddings = generator.normal(0, 1, (160, 32)).astype(np.float32)
        content = ShardContent(crops.astype(np.uint8).reshape(-1, 20, 20, 3), (20, 20, 3), embeddings, rows, [])
        infos.append(write_shard(folder, number, content))
    Manifest(Preprocess.aligned(16, margin=2), {}, {}, "0" * 64, 320, 2, tuple(infos)).save(folder)
    return folder


def test_held_out_people_alone_are_measured(data: Path, package_file: Path) -> None:
    engine = open_engine("integer", str(package_file))
    centred, owners = held_out_people(Dataset.open(data), engine)
    assert centred.shape == (120, 8) and np.bincount(owners).tolist() == [4] * 30
    statistics = measure_dataset(Dataset.open(data), engine)
    assert statistics.photos == (1, 2, 3) and statistics.strangers.trials.tolist() == [30 * 29 * 4] * 3


@pytest.mark.parametrize(
    ("crop", "said"),
    [(Preprocess.aligned(18, margin=1), "aligned crops with eyes 5.66 apart; prepare aligned ones with eyes 5.03"),
     (Preprocess.loose(16, 16).widened(2), "loose crops with eyes 5.33 apart"),
     (Preprocess.aligned(16, margin=2, light="spread"), "light spread, the network reads those with light none")],
)  # fmt: skip
def test_people_in_other_crops_than_the_networks_are_refused(
    data: Path, package_file: Path, crop: Preprocess, said: str
) -> None:
    """Their middle has the network's size, yet other places and another scale."""
    replace(Manifest.load(data), preprocess=crop).save(data)
    with pytest.raises(UserError, match=said):
        held_out_people(Dataset.open(data), open_engine("integer", str(package_file)))


def test_the_teachers_embeddings_are_the_stored_ones(data: Path) -> None:
    engine = Engine("teacher", "stored", "ab" * 32, TEACHER_VIEW, Score("cosine"), embedder=None)  # type: ignore[arg-type]
    dataset = Dataset.open(data)
    centred, _ = held_out_people(dataset, engine)
    assert np.array_equal(centred[:60], dataset.shards[0].embeddings[100:].astype(np.float64))
    with pytest.raises(UserError, match="gives no integers"):
        measure_dataset(dataset, engine)


def test_a_package_takes_the_statistics(data: Path, package_file: Path, tmp_path: Path) -> None:
    outputs = ["--output", str(tmp_path / "new.mface"), "--json", str(tmp_path / "visits.json")]
    arguments = ["visits", str(package_file), "--data", str(data), *outputs]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "30 held-out people" in result.output
    value = json.loads((tmp_path / "visits.json").read_text())
    assert value["genuine_at_rate"]["3"]["0.01"] > 0.9 and value["stranger_trials"]["1"] == 3480
    old, new = ModelPackage.load(package_file), ModelPackage.load(tmp_path / "new.mface")
    assert new.model_id == old.model_id and new.statistics is not None
    assert new.statistics.strangers.trials[0] == 3480


def test_faces_placed_by_boxes_have_statistics_of_their_own(data: Path, package_file: Path, tmp_path: Path) -> None:
    """They stand beside those of aligned faces, and the threshold for crops by boxes comes from them."""
    replace(Manifest.load(data), preprocess=Preprocess.aligned(16, margin=2).by_boxes).save(data)
    arguments = ["visits", str(package_file), "--data", str(data), "--output", str(tmp_path / "new.mface")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "placed by boxes" in " ".join(result.output.split())
    old, new = ModelPackage.load(package_file), ModelPackage.load(tmp_path / "new.mface")
    assert old.box_statistics is None and old.statistics_of("boxes") is old.statistics is not None
    assert new.statistics is not None and new.box_statistics is not None and new.model_id == old.model_id
    assert new.statistics.to_json() == old.statistics.to_json()
    assert new.statistics_of("boxes") is new.box_statistics and new.statistics_of("centre") is new.statistics
    assert new.box_statistics.strangers.trials[0] == 3480 != new.statistics.strangers.trials[0]
    loose = new.placed_by_boxes("door")
    assert loose.statistics is new.box_statistics and loose.statistics_of("boxes") is new.box_statistics


def test_a_data_set_without_held_out_people_is_refused(data: Path, package_file: Path) -> None:
    for path in data.glob("rows-*"):
        path.write_text(path.read_text().replace("held_out", "train"))
    with pytest.raises(UserError, match="no two held-out people"):
        held_out_people(Dataset.open(data, verify=False), open_engine("integer", str(package_file)))


def test_networks_in_one_picture(data: Path, package_file: Path, tmp_path: Path) -> None:
    outputs = ["--roc", str(tmp_path / "roc.png"), "--json", str(tmp_path / "roc.json")]
    arguments = ["roc", str(package_file), "--data", str(data), "--no-float", *outputs]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "180 genuine and 6,960 impostor pairs" in " ".join(result.output.split())
    (value,) = json.loads((tmp_path / "roc.json").read_text())["networks"]
    assert list(value["tar"]) == ["0.1", "0.01"] and value["tar"]["0.01"] > 0.9 and value["lowest"] < 0.0015
    assert (tmp_path / "roc.png").stat().st_size > 5000
