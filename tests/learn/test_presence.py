# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Face / no face from drawn pictures to an integer network, by the commands that people type."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import write_dataset
from typer.testing import CliRunner, Result

from marked_pictures import draw_collection
from microface.cli.presence import app
from microface.errors import UserError
from microface.evaluate.presence import PresenceResult, Rate, card_of, classify
from microface.learn import nets
from microface.learn.presence.config import SCHEDULE, read_config
from microface.learn.presence.phase import Course, Material, train
from microface.learn.presence.teachers import Goal, Teacher
from microface.models.presence import load_card
from microface.network import load_network
from microface.network.facenets import facenet
from microface.network.inputs.fold import fold, fold_to
from microface.photos.presence.paste import Pasting
from microface.photos.presence.prepare import prepare
from microface.photos.presence.rule import Rule
from microface.photos.presence.store import Settings, faces_from, open_windows

_NET = ["--net", "foldnet", "--option", "fold=2", "--option", "layers=8-p8", "--option", "resolution=24"]


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set of drawn windows."""
    folder = tmp_path_factory.mktemp("presence")
    options = ["--window", "48", "--smallest", "0.3", "--size", "24", "--each", "4", "--held-out", "3"]
    _run("prepare", draw_collection(folder / "wider", 40), "--output", folder / "windows", *options)
    return folder / "windows"


def _run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("bits", ["8", "2"])
def test_the_whole_recipe(windows: Path, tmp_path: Path, bits: str) -> None:
    schedule = tmp_path / "mine.toml"
    schedule.write_text("batch = 16\nrate = 0.005\nepochs = 12\nrounded_epochs = 3\n[augmentation]\nmirror = 0.5\n")
    common = ["--data", windows, *_NET, "--schedule", schedule]
    output = _run("train", *common, "--output", tmp_path / "run", "--bits", bits).output
    assert "quantised = training on every value" in output and "E = " in output
    assert (tmp_path / "run/curve.png").stat().st_size > 0
    history = json.loads((tmp_path / "run/history.json").read_text())
    assert history["e"] < history["n"] <= history["e"] + 3
    file, figures = tmp_path / "run/network.mfn", tmp_path / "figures.json"
    card = tmp_path / "card.json"
    _run("evaluate", file, "--data", windows, "--errors", tmp_path / "errors.png", "--json", figures, "--card", card)
    accuracy = json.loads(figures.read_text())["accuracy"]
    (measured, *_) = load_card(card).measurements
    assert (measured.value, measured.std_error) == (accuracy["value"], accuracy["std_error"])
    assert accuracy["value"] > 0.8 and 0 <= accuracy["std_error"] < 0.2
    held = open_windows(windows)["held_out"]
    margins = classify(load_network(file), held.crops)
    assert np.mean((margins > 0) == held.face) == accuracy["value"]
    with pytest.raises(UserError, match="already holds a finished run"):
        _run("train", *common, "--output", tmp_path / "run")


def test_a_run_begins_with_the_float_weights_of_another(windows: Path, tmp_path: Path) -> None:
    schedule = tmp_path / "mine.toml"
    schedule.write_text("batch = 16\nepochs = 1\nrounded_epochs = 1\n")
    common = ["--data", windows, *_NET, "--schedule", schedule]
    _run("train", *common, "--output", tmp_path / "first")
    _run("train", *common, "--output", tmp_path / "second", "--init", tmp_path / "first", "--bits", "4")
    first, second = (torch.load(tmp_path / name / "float.pt", weights_only=True) for name in ("first", "second"))
    assert all(torch.equal(second["network"][name], value) for name, value in first["network"].items())
    assert load_network(tmp_path / "second/network.mfn").operators[0].weight_bits == 4  # type: ignore[attr-defined]
    wider = [*common[:-2], "--option", "layers=4-p8", "--schedule", schedule]
    with pytest.raises(UserError, match="holds no weights of foldnet"):
        _run("train", *wider, "--output", tmp_path / "third", "--init", tmp_path / "first")


def test_a_network_learns_the_opinion_of_others(windows: Path, tmp_path: Path) -> None:
    """Of the opinion alone: what the student says comes near what its teachers say."""
    schedule, more = tmp_path / "mine.toml", tmp_path / "taught.toml"
    schedule.write_text("batch = 16\nrate = 0.005\nepochs = 4\nrounded_epochs = 1\n")
    more.write_text("batch = 16\nrate = 0.005\nepochs = 8\nrounded_epochs = 1\naverage = 0.9\nteacher_share = 1.0\n")
    common = ["--data", windows, *_NET]
    _run("train", *common, "--schedule", schedule, "--output", tmp_path / "first")
    taught = ["--teacher", tmp_path / "first", "--teacher", tmp_path / "first"]
    _run("train", *common, "--schedule", more, *taught, "--output", tmp_path / "second")
    crops = open_windows(windows)["held_out"].crops
    says = [Goal((Teacher.of(tmp_path / name),), 1.0, 1.0).opinion(crops)[:, 1] for name in ("first", "second")]
    assert (says[0] - says[1]).abs().mean() < 0.5 * (says[0] - says[0].mean()).abs().mean()
    with pytest.raises(UserError, match="holds no finished run"):
        _run("train", *common, "--teacher", tmp_path / "none", "--output", tmp_path / "third")


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_phase_that_was_cut_off_comes_to_the_same_weights(windows: Path, tmp_path: Path, average: float) -> None:
    config = read_config(SCHEDULE, {"data": str(windows), "net": "foldnet", "batch": 16, "average": average})
    splits = open_windows(windows)
    material = Material(splits["train"], splits["validation"], (12, 12, 12))
    options = nets.options_of("foldnet", {"fold": 2, "layers": "4-p4", "resolution": 24})
    ends = []
    for name, lasts in (("whole", (3,)), ("cut", (1, 2, 3))):
        for last in lasts:
            torch.manual_seed(0)
            network = nets.build("foldnet", options)
            phase = train(network, material, config, Course(0, last, 0.01, tmp_path / f"{name}.pt"))
        ends.append((network.state_dict(), phase.history))
    assert ends[0][1] == ends[1][1] and len(ends[0][1]) == 3
    assert all(torch.equal(value, ends[1][0][name]) for name, value in ends[0][0].items())


def test_faces_of_a_data_set_are_pasted_into_windows_to_train_on(tmp_path: Path) -> None:
    settings = Settings(Rule(48, 0.3), size=24, each=4, held_out=3, validation=3)
    source, faces = draw_collection(tmp_path / "wider"), write_dataset(tmp_path / "faces", people=4, photos=3)
    prepare(source, None, tmp_path / "plain", settings)
    prepare(source, None, tmp_path / "more", settings, Pasting(faces, 20))
    plain, more = open_windows(tmp_path / "plain"), open_windows(tmp_path / "more")
    assert more["train"].face.sum() == (~more["train"].face).sum() >= plain["train"].face.sum() + 15
    for split in ("validation", "held_out"):
        assert np.array_equal(plain[split].crops, more[split].crops)
    with pytest.raises(UserError, match="below 1"):
        Pasting(faces, 0)
    assert not plain["train"].pasted.any() and faces_from(tmp_path / "plain") == ()
    assert more["train"].pasted.sum() >= 30 and faces_from(tmp_path / "more") == ("drawn",)
    result = PresenceResult(*[Rate(0.5, 0.1, 2, 2)] * 3, by_size=(), backgrounds=None)
    network = facenet("facenet_v7")
    told = [
        card_of(network, splits, names, result, "").training_data for splits, names in ((plain, ()), (more, ("x",)))
    ]
    pictures = len(np.unique(plain["train"].pictures))
    assert all(f"windows of {pictures} pictures" in text for text in told)
    assert told[1].endswith("more windows, half of them with a face pasted in: x.") and "pasted" not in told[0]


def test_folding_keeps_every_value_in_the_vendors_order() -> None:
    x = np.random.default_rng(0).integers(-128, 128, (2, 8, 12, 3)).astype(np.int8)
    folded = fold(x, 4)
    assert folded.shape == (2, 2, 3, 48)
    assert np.array_equal(folded[:, 1, 2, (2 * 4 + 3) * 3 + 1], x[:, 4 + 2, 8 + 3, 1])
    assert fold_to(x, (8, 12, 3)) is x and np.array_equal(fold_to(x, (2, 3, 48)), folded)
    with pytest.raises(UserError, match="are no input of"):
        fold_to(x, (8, 12, 4))


def test_bad_schedules_are_told(tmp_path: Path) -> None:
    assert read_config(SCHEDULE, {"data": "d", "net": "facenet_v2"}).rate == 0.001
    for text, message in (
        ("rates = 1", "rates: is not known"),
        ("rate = -1", "greater than 0"),
        ("average = 1", "less than 1"),
        ('[augmentation]\nrotation = "x"', "augmentation.rotation"),
        ("[augmentation]\nblur = 0.5", "is not made here"),
        ("rate", "not a TOML"),
    ):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(UserError, match=message):
            read_config(tmp_path / "bad.toml", {"data": "d", "net": "facenet_v2"})
    with pytest.raises(UserError, match="is not a network for presence"):
        _run("train", "--data", tmp_path, "--output", tmp_path / "run", "--net", "facenet")
