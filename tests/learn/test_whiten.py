# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Whitening: folded exactly, errors weigh alike in all directions afterwards, and people are told apart better."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from microface.errors import UserError
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import Convolution, FloatGraph, Linear
from microface.learn.quant.sharpen import SharpenOptions, sharpen
from microface.learn.quant.whiten import LEAST_PHOTOS, kept_size, sample_of, shrunk_covariance, whiten
from microface.learn.train.data import Photos, unit_rows
from microface.learn.train.validate import check

PEOPLE, EACH, SIZE = 40, 6, 24


def _photos(targets: np.ndarray, people: np.ndarray) -> Photos:
    index = np.zeros((len(people), 2), np.int64)
    return Photos((np.zeros((1, 4, 4, 3), np.uint8),), index, unit_rows(targets.astype(np.float32)), people, 4)


def _uneven(seed: int) -> tuple[np.ndarray, Photos]:
    """Return embeddings [N, 24] whose errors are 10 times as large in 4 directions, and their photos."""
    random = np.random.default_rng(seed)
    people = np.repeat(np.arange(PEOPLE), EACH)
    truth = random.normal(size=(PEOPLE, SIZE))[people]
    error = random.normal(size=truth.shape) * np.where(np.arange(SIZE) < 4, 5.0, 0.5)
    return (truth + error + 3.0).astype(np.float32), _photos(truth, people)


def _linear(size: int) -> FloatGraph:
    last = Linear("last", ("input",), (size, 1, 1), "", np.eye(size, dtype=np.float32), np.zeros(size, np.float32))
    return FloatGraph("identity", (size, 1, 1), (last,))


def _run(graph: FloatGraph, x: np.ndarray) -> np.ndarray:
    values = torch.from_numpy(x)[:, :, None, None]
    return execute(graph, values, weights_of(graph), lambda _name, value: value).numpy()


@pytest.mark.parametrize("named", [True, False])
def test_whitening_tells_new_people_apart_better(named: bool) -> None:
    embeddings, photos = _uneven(1)
    if not named:
        photos = _photos(photos.targets, np.full(len(photos), -1))
    graph, _ = whiten(_linear(SIZE), embeddings, photos, 16)
    unseen, held_out = _uneven(2)
    before, after = check(unseen, held_out, unseen), check(_run(graph, unseen), held_out, unseen[:, :16])
    assert after.tar["0.01"] > 1.5 * before.tar["0.01"]


def test_covariances_shrink_as_the_formula_says() -> None:
    rows = np.random.default_rng(3).normal(size=(7, 4)) * [1, 2, 3, 4]
    sample = sum(np.outer(x, x) for x in rows) / 7
    equal = np.trace(sample) / 4 * np.eye(4)
    d2 = np.linalg.norm(sample - equal) ** 2
    b2 = min(sum(np.linalg.norm(np.outer(x, x) - sample) ** 2 for x in rows) / 49, d2)
    np.testing.assert_allclose(shrunk_covariance(rows), b2 / d2 * equal + (1 - b2 / d2) * sample)
    assert np.linalg.norm(shrunk_covariance(rows, 3) - equal) < np.linalg.norm(shrunk_covariance(rows) - equal)
    many = np.random.default_rng(4).normal(size=(60_000, 4)) * [1, 2, 3, 4]
    np.testing.assert_allclose(shrunk_covariance(many), np.diag([1, 4, 9, 16]), atol=0.3)
    alike = shrunk_covariance(np.random.default_rng(5).normal(size=(40, 30)))
    assert np.linalg.eigvalsh(alike).max() < 1.3 * np.linalg.eigvalsh(alike).min()


@pytest.mark.parametrize("seed", range(4))
def test_chance_in_few_photos_hardly_weighs(seed: int) -> None:
    """Errors alike in all directions, seen in six photos: twenty of 24 directions seem to have none."""
    embeddings = np.random.default_rng(seed).normal(size=(6, SIZE)).astype(np.float32)
    few = _photos(np.zeros((6, 0)), np.repeat(np.arange(2), 3))
    graph, _ = whiten(_linear(SIZE), embeddings, few, SIZE)
    weighs = np.linalg.svd(next(iter(graph.weighted())).weights, compute_uv=False)
    assert weighs.max() < 2 * weighs.min()


def test_few_photos_keep_the_length_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert kept_size(256, 512, LEAST_PHOTOS) == kept_size(256, 256, 20) == 256
    assert kept_size(512, 128, 20) == 128
    assert capsys.readouterr().out == ""
    assert kept_size(256, 512, LEAST_PHOTOS - 1) == 512
    said = " ".join(capsys.readouterr().out.split())
    assert said == "the embedding keeps its 512 values: 199 photos do not tell which 256 would do, 200 would"


def test_errors_weigh_alike_afterwards() -> None:
    embeddings, photos = _uneven(1)
    graph, mapped = whiten(_linear(SIZE), embeddings, photos, SIZE)
    assert np.allclose(mapped, _run(graph, embeddings), atol=1e-3)
    assert _unevenness(mapped - _means(mapped, photos)) < 0.5 * _unevenness(embeddings - _means(embeddings, photos))
    assert np.allclose(mapped.mean(axis=0), 0, atol=1e-3)


def _means(embeddings: np.ndarray, photos: Photos) -> np.ndarray:
    """Return for each embedding the mean of its person's."""
    return np.stack([embeddings[photos.people == person].mean(axis=0) for person in photos.people])


def _unevenness(errors: np.ndarray) -> float:
    """Return the ratio of the largest variance of `errors` in any direction to the smallest."""
    values = np.linalg.eigvalsh(np.cov(errors.T))
    return float(values[-1] / values[0])


def test_what_cannot_be_whitened_is_told() -> None:
    embeddings, photos = _uneven(1)
    with pytest.raises(UserError, match="does not fit"):
        whiten(_linear(SIZE), embeddings, photos, SIZE + 1)
    node = Convolution(
        "conv", ("input",), (2, 1, 1), "relu", np.zeros((2, 3, 1, 1), np.float32), np.zeros(2, np.float32)
    )
    with pytest.raises(UserError, match="does not fit"):
        whiten(FloatGraph("odd", (3, 1, 1), (node,)), embeddings, photos, 1)


def test_people_with_several_photos_are_sampled_first_and_whole() -> None:
    people = np.array([-1, 0, 1, 1, 2, -1, 3, 3, 3, 4])
    photos = _photos(np.eye(10), people)
    for seed in range(5):
        assert set(people[sample_of(photos, 5, seed)].tolist()) == {1, 3}
        assert sorted(sample_of(photos, 100, seed).tolist()) == list(range(10))


def _classes(seed: int, people: int) -> tuple[np.ndarray, Photos]:
    """Return embeddings whose first 4 of 24 directions say nothing about the person, with the same spread as all."""
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(people), EACH)
    truth = random.normal(size=(people, SIZE))[owners]
    truth[:, :4] = 0
    noise = random.normal(size=truth.shape) * np.where(np.arange(SIZE) < 4, 2.0, 0.4)
    return (truth + noise).astype(np.float32), _photos(truth, owners)


def test_sharpening_tells_new_people_apart_better_and_folds_exactly() -> None:
    embeddings, photos = _classes(1, 150)
    graph = sharpen(_linear(SIZE), embeddings, photos, SharpenOptions(steps=80, people=60, rate=2e-2))
    unseen, held_out = _classes(2, 60)
    before, after = check(unseen, held_out, unseen), check(_run(graph, unseen), held_out, unseen)
    assert after.tar["0.01"] > before.tar["0.01"] + 0.05


def test_few_people_are_not_learned_by_heart() -> None:
    embeddings, photos = _uneven(1)
    graph = _linear(SIZE)
    assert sharpen(graph, embeddings, photos, SharpenOptions()) is graph
