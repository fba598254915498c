"""Figures of pairs and of open sets, with an embedder whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from microface.errors import UserError
from microface.evaluate.engines import Engine
from microface.evaluate.lfw import measure
from microface.evaluate.open_set import Draws, judge, run_trials
from microface.evaluate.pairs import Pairs
from microface.evaluate.plots import save_roc
from microface.metrics.roc import roc
from microface.metrics.trials import measure_visits
from microface.network.scores import Score
from microface.photos.preprocess import Preprocess


class FirstRow:
    """Embeds a crop as the green values of its first row."""

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return (crops[:, 0, :, 1].astype(np.int16) - 128).astype(np.int8)


def engine(score: str = "l1") -> Engine:
    return Engine("integer", "rows", "ab" * 32, Preprocess.aligned(16), Score(score), FirstRow())  # type: ignore[arg-type]


def crops_of(values: np.ndarray) -> np.ndarray:
    crops = np.zeros((len(values), 16, 16, 3), np.uint8)
    crops[:, 0, :, 1] = values
    return crops


def three_people() -> tuple[Pairs, np.ndarray]:
    first = ("A/A_0001.jpg", "A/A_0001.jpg", "B/B_0001.jpg", "B/B_0001.jpg")
    second = ("A/A_0002.jpg", "B/B_0001.jpg", "B/B_0002.jpg", "C/C_0001.jpg")
    pairs = Pairs(first, second, (True, False, True, False), (1, 1, 2, 2))
    values = np.repeat([[100], [101], [200], [201], [10]], 16, axis=1)
    return pairs, crops_of(values.astype(np.uint8))


def test_pairs_are_measured_with_the_names_of_everything() -> None:
    pairs, crops = three_people()
    result = measure(engine(), pairs, crops, failed_detections=1, mirror=True)
    assert result.distances.tolist() == [32, 3200, 32, 6080]  # the mirror image doubles every sum
    value = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert value["accuracy"] == 1 and value["std_error"] == 0 and value["auc"] == 1
    assert value["tar_at_far"] == {}  # two impostor pairs support no rate
    assert (value["pairs"], value["failed_detections"], value["folds"]) == (4, 1, [1, 2])
    named = (value["network"], value["engine"], value["score"], value["mirror"], value["crop"])
    assert named == ("rows", "integer", "l1", True, "aligned")


def open_set_people(noise: int, people: int = 40, photos: int = 6) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    centres = generator.integers(-100, 100, (people, 1, 16))
    values = centres + generator.integers(-noise, noise + 1, (people, photos, 16))
    return values.reshape(-1, 16), np.repeat(np.arange(people), photos)


def test_people_who_are_far_apart_are_all_told_right() -> None:
    values, owners = open_set_people(noise=2)
    score = Score("l2")
    statistics = measure_visits(values, owners, score.distances, replicates=20)
    result = judge(run_trials(score, values, owners, Draws(times=3)), statistics, 0.05)
    assert result.enrolled == 20 and result.visits == 3 * 20 and result.strangers == 3 * 20 * 6
    assert result.best_corner.named_right == 1 and result.best_corner.false_accepts == 0
    assert result.from_statistics is not None and result.from_statistics.false_accepts <= 0.05
    assert result.dir_at_fpir[0].fpir == 0.1 and result.dir_at_fpir[0].dir == 1
    assert json.dumps(result.to_json(), allow_nan=False)


def test_people_who_look_alike_are_not() -> None:
    values, owners = open_set_people(noise=150)
    result = judge(run_trials(Score("l2"), values, owners, Draws(times=2)))
    corner = result.best_corner
    assert corner.named_right < 0.9 and result.from_statistics is None
    assert corner.named_right_interval[0] <= corner.named_right <= corner.named_right_interval[1]
    assert (result.roc_misnamed.tar == result.roc.tar).all()


def test_equal_seeds_give_equal_figures() -> None:
    values, owners = open_set_people(noise=80)
    results = [judge(run_trials(Score("l1"), values, owners, Draws(times=2, seed=4))).to_json() for _ in range(2)]
    assert results[0] == results[1]


def test_an_open_set_needs_people_with_two_photos() -> None:
    with pytest.raises(UserError, match="two people with two photos"):
        run_trials(Score("l1"), np.zeros((3, 2), np.int64), np.array([0, 0, 1]), Draws())


def test_a_picture_of_the_roc_repeats(tmp_path: Path) -> None:
    curve = roc(np.arange(50), np.arange(25, 125))
    for name in ("a.png", "b.png", "c.svg"):
        save_roc(tmp_path / name, [("rows", curve)], "a title", 100)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "c.svg").read_bytes().startswith(b"<?xml")
