"""`microface import --statistics`: a foreign network takes thresholds from held-out people, and people are enrolled."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from running import RunCli

from microface.models import ModelPackage
from microface.network.anchor import RandomBuilder
from microface.network.convert.tflite import import_tflite, tflite_bytes
from microface.network.convert.tflite.write import model_bytes
from microface.people.gallery import Gallery
from microface.photos.dataset import Manifest
from microface.photos.dataset.writer import ShardContent, write_shard
from microface.photos.preprocess import Preprocess

sys.path.append(str(Path(__file__).parents[1] / "network" / "tflite"))
from whole_network import whole_network

SIZE, MARGIN, PEOPLE, PHOTOS = 24, 2, 40, 4


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """A small TFLite file that embeds crops."""
    builder = RandomBuilder((SIZE, SIZE, 3), 4)
    x = builder.depthwise("middle", builder.conv("stem", "input", 8, kernel=3, stride=2))
    builder.dense("embedding", builder.mean("mean", x), 16)
    path = tmp_path / "face.tflite"
    path.write_bytes(tflite_bytes(builder.build("face")))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One shard of held-out people who are patterns of colours, each pictured a little differently."""
    generator, wide = np.random.default_rng(4), SIZE + 2 * MARGIN
    colours = generator.integers(20, 236, (PEOPLE, 1, 4, 4, 3)).repeat(wide // 4, axis=2).repeat(wide // 4, axis=3)
    crops = colours + generator.integers(-9, 10, (PEOPLE, PHOTOS, wide, wide, 3))
    rows = [
        {"key": f"{i}-{k}", "identity": f"made up {i}", "split": "held_out"}
        for i in range(PEOPLE)
        for k in range(PHOTOS)
    ]
    embeddings = generator.normal(0, 1, (len(rows), 32)).astype(np.float32)
    content = ShardContent(crops.astype(np.uint8).reshape(-1, wide, wide, 3), (wide, wide, 3), embeddings, rows, [])
    info = write_shard(tmp_path / "data", 0, content)
    Manifest(Preprocess.aligned(SIZE, margin=MARGIN), {}, {}, "0" * 64, len(rows), 0, (info,)).save(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def photos(people: Path, tmp_path: Path) -> Path:
    """Two people who do not exist, with two photos each."""
    for person in sorted(folder for folder in people.iterdir() if folder.is_dir())[:2]:
        (tmp_path / "photos" / person.name).mkdir(parents=True)
        for photo in sorted(person.iterdir())[:2]:
            shutil.copy(photo, tmp_path / "photos" / person.name)
    return tmp_path / "photos"


def test_statistics_give_enrolment_its_threshold(
    cli: RunCli, network_file: Path, data: Path, photos: Path, tmp_path: Path
) -> None:
    imported = ("import", network_file, "--output", "face.mface", "--preprocess", "aligned", "--score", "l2norm")
    assert cli(*imported, "--statistics", data).code == 0
    package = ModelPackage.load(tmp_path / "face.mface")
    assert package.statistics is not None
    assert package.statistics.strangers.trials[0] == PEOPLE * (PEOPLE - 1) * PHOTOS
    assert cli("enroll", photos, "--network", "face.mface", "--output", "home.mfg", "--rate", "0.01").code == 0
    gallery = Gallery.load(tmp_path / "home.mfg")
    assert gallery.model_id == package.model_id and gallery.rate == 0.01
    assert gallery.threshold > 0


def test_without_statistics_enrolment_asks_for_a_threshold(
    cli: RunCli, network_file: Path, photos: Path, tmp_path: Path
) -> None:
    assert cli("import", network_file, "--output", "face.mface", "--score", "l2norm").code == 0
    refused = cli("enroll", photos, "--network", "face.mface", "--output", "home.mfg")
    assert refused.code == 2 and "--threshold" in refused.line
    assert not (tmp_path / "home.mfg").exists()
    assert cli("enroll", photos, "--network", "face.mface", "--output", "home.mfg", "--threshold", "9000").code == 0
    assert Gallery.load(tmp_path / "home.mfg").threshold == 9000


def test_a_network_of_16_bits_is_no_package_but_runs(cli: RunCli, tmp_path: Path) -> None:
    draft = whole_network("int16")
    (tmp_path / "wide.tflite").write_bytes(model_bytes(draft.model()))
    refused = cli("import", "wide.tflite", "--output", "wide.mface")
    assert refused.code == 2 and "takes s16 and gives s16" in refused.line and not (tmp_path / "wide.mface").exists()
    (x,) = draft.values().values()
    np.save(tmp_path / "x.npy", x)
    network = import_tflite(tmp_path / "wide.tflite").network
    assert cli("plan", "wide.tflite", "--target", "nrf52840").code == 0
    assert cli("build", "wide.tflite", "--target", "nrf52840", "--output", "firmware").code == 0
    assert cli("emulate", "firmware", "--input", "x.npy", "--json", "run.json").code == 0
    assert json.loads((tmp_path / "run.json").read_text())["output"] == network.run(x).ravel().tolist()


def test_people_of_another_crop_are_refused(cli: RunCli, network_file: Path, data: Path, tmp_path: Path) -> None:
    outcome = cli("import", network_file, "--output", "x.mface", "--preprocess", "loose", "--statistics", data)
    assert outcome.code == 2 and "crop" in outcome.line, outcome.line
