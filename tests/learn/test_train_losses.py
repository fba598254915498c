# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Every loss learns; sums, weights over the run, classification that is cut off, projections."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import write_dataset
from settings import config

from microface.errors import UserError
from microface.learn.train import checkpoint
from microface.learn.train.data import open_photos, order_by_people
from microface.learn.train.losses import Lesson, Subject, Total, build, distillation, names
from microface.learn.train.losses.total import parsed, parsed_terms
from microface.learn.train.projection import directions
from microface.learn.train.run import Run
from microface.learn.train.schedule import weight
from microface.learn.train.start import start
from microface.learn.train.validate import check, embed

_UNTRAINED = 0.55
"""Held-out true-accept rate at 1e-2 of the untrained network on the drawn faces, rounded up."""


@pytest.mark.parametrize("name", names())
def test_every_loss_learns_to_tell_unseen_people_apart(name: str, drawn: Path, tmp_path: Path) -> None:
    quick = {"epochs": 6, "checks": 1, "averaging": 0.9, "sizes": ((0.0, 1.0),), "rate": 1.2e-2}
    chosen = config(drawn, losses={name: {"weight": 1.0}}, per_person=4, **quick)
    summary = start(chosen, tmp_path / "run")
    assert _before(chosen) < _UNTRAINED < summary["tar@0.01"] - 0.1


def _before(chosen: object) -> float:
    run = Run(chosen, Path("unused"))  # type: ignore[arg-type]
    return check(embed(run.network, run.held_out, 32), run.held_out).tar["0.01"]


def _lesson(classes: int = 5, rows: int = 10, size: int = 8) -> tuple[Subject, Lesson]:
    generator = torch.Generator().manual_seed(1)
    people = torch.arange(rows) % classes
    targets = torch.nn.functional.normalize(torch.randn(rows, size, generator=generator))
    return Subject(size, targets, people), Lesson(torch.zeros(rows, 3, 4, 4), targets, people)


@pytest.mark.parametrize("name", names())
def test_losses_are_finite_and_have_gradients_even_without_names(name: str) -> None:
    subject, lesson = _lesson()
    loss = build(name, subject, {"fewest": 2} if name == "centres" else {})
    for people in (lesson.people, torch.full((10,), -1)):
        student = torch.randn(10, 8, generator=torch.Generator().manual_seed(2)).requires_grad_()
        value = loss(student, replace(lesson, people=people))
        value.backward()
        assert bool(torch.isfinite(value)) and student.grad is not None and bool(torch.isfinite(student.grad).all())


def test_losses_fall_to_nothing_when_the_student_is_the_teacher() -> None:
    subject, lesson = _lesson()
    for name in ("cosine", "similarity"):
        assert float(build(name, subject, {})(3 * lesson.targets, lesson)) == pytest.approx(0, abs=1e-6)
    assert float(build("mse", subject, {})(8**0.5 * lesson.targets, lesson)) == pytest.approx(0, abs=1e-10)


def test_margins_make_it_harder() -> None:
    subject, lesson = _lesson()
    for name in ("arcface", "cosface", "centres"):
        torch.manual_seed(3)
        easy = build(name, subject, {"margin": 0.0} | ({"fewest": 2} if name == "centres" else {}))
        torch.manual_seed(3)
        hard = build(name, subject, {"margin": 0.3} | ({"fewest": 2} if name == "centres" else {}))
        assert float(easy(lesson.targets, lesson).detach()) < float(hard(lesson.targets, lesson).detach())


def test_lifted_structure_by_its_definition() -> None:
    """Against the formula of the paper, pair by pair."""
    subject, lesson = _lesson(classes=3, rows=7)
    unit = lesson.targets.numpy()
    distance = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    people, pairs, total = lesson.people.numpy(), 0, 0.0
    for i in range(7):
        for j in range(i + 1, 7):
            if people[i] == people[j]:
                others = [np.exp(1 - distance[a, k]) for a in (i, j) for k in range(7) if people[k] != people[a]]
                total += max(0.0, np.log(sum(others)) + distance[i, j]) ** 2
                pairs += 1
    assert float(build("lifted", subject, {"length": 1.0})(lesson.targets, lesson)) == pytest.approx(
        total / (2 * pairs), rel=1e-4
    )


def test_the_usual_sum_is_the_sum_of_its_terms() -> None:
    subject, lesson = _lesson()
    student = torch.randn(10, 8)
    total = Total({"cosine": {"weight": 1.0}, "relation": {"weight": 0.2, "temperature": 0.1}}, subject)
    assert float(total(student, lesson, 0.5)) == pytest.approx(float(distillation(student, lesson.targets, 0.2, 0.1)))


def test_a_loss_that_lacks_what_it_needs_is_told() -> None:
    subject, _ = _lesson()
    unnamed = replace(subject, people=torch.full((10,), -1))
    for name, asked, reason in (
        ("sine", subject, "choose among"),
        ("cosine", replace(subject, embedding=9), "compares with a teacher"),
        ("similarity", replace(subject, targets=torch.zeros(10, 0)), "compares with a teacher that has 0 values"),
        ("arcface", unnamed, "needs named people"),
    ):
        with pytest.raises(UserError, match=reason):
            build(name, asked, {})
    with pytest.raises(UserError, match="loss cosine, margin: is not known"):
        build("cosine", subject, {"margin": 1.0})


def test_similarities_are_compared_whatever_the_lengths(drawn: Path, tmp_path: Path) -> None:
    """A network without a layer of its own for the embedding can learn from a teacher of another length."""
    longer = config(drawn, losses={"similarity": {"weight": 20.0}}, epochs=3, checks=1, sizes=((0.0, 1.0),))
    longer = replace(longer, options={**longer.options, "embedding": 600})
    start(longer, tmp_path / "run")
    losses = Run(longer, tmp_path / "other").losses
    targets = torch.nn.functional.normalize(torch.randn(10, 512))
    lesson = Lesson(torch.zeros(10, 3, 4, 4), targets, torch.zeros(10, dtype=torch.long))
    wider = torch.cat([targets, torch.zeros(10, 88)], 1)
    assert float(losses(wider, lesson, 1.0)) == pytest.approx(0, abs=1e-6)


def test_losses_as_they_are_written() -> None:
    assert parsed("cosine") == ("cosine", {"weight": 1.0})
    assert parsed("arcface=0.5,margin=0.4,scale=16") == ("arcface", {"weight": 0.5, "margin": 0.4, "scale": 16.0})
    with pytest.raises(UserError, match="cannot be read"):
        parsed("arcface=much")
    assert parsed_terms(["cosine", "relation=0.2"]) == {"cosine": {"weight": 1.0}, "relation": {"weight": 0.2}}
    with pytest.raises(UserError, match="--loss cosine=2: is there twice"):
        parsed_terms(["cosine=1", "cosine=2"])


@given(st.floats(0, 1))
def test_weights_follow_their_points(share: float) -> None:
    assert weight(2, share) == 2.0
    found = weight([[0.2, 0.0], [0.6, 4.0]], share)
    assert found == pytest.approx(min(4.0, max(0.0, (share - 0.2) * 10)), abs=1e-9)


def test_a_classifier_is_cut_off_and_the_rest_goes_on(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First people by cross-entropy with 40 values, then the teacher with 512: features stay, the last layer is new."""
    first = config(drawn, losses={"cross_entropy": {}}, epochs=1, checks=1)
    first = replace(first, options={**first.options, "embedding": 40})
    start(first, tmp_path / "first")
    best = tmp_path / "first" / "compact.pt"
    assert best.stat().st_size < (tmp_path / "first" / "best.pt").stat().st_size
    second = Run(config(drawn, init=str(best)), tmp_path / "second")
    assert "embedding.linear, embedding.norm" in capsys.readouterr().err
    old, new = checkpoint.load(tmp_path / "first" / "best.pt")["network"], second.network.state_dict()
    assert all(torch.allclose(new[n], old[n], rtol=1e-2, atol=1e-3) for n in new if n.startswith("features."))
    assert new["embedding.linear.weight"].shape == (512, 64)


def test_people_stand_together_in_batches(drawn: Path) -> None:
    training, _ = open_photos(drawn)
    rows = order_by_people(training.people, 4, seed=1, epoch=0)
    assert sorted(rows) == list(range(len(training)))
    groups = training.people[rows].reshape(-1, 4)  # 12 photos a person: all groups are whole
    assert (groups == groups[:, :1]).all()
    assert not np.array_equal(rows, order_by_people(training.people, 4, seed=1, epoch=1))


def test_a_trained_projection_keeps_people_apart_better(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    loud = random.normal(size=(900, 24)).astype(np.float32) * 2  # says nothing of the person, and varies most
    people = np.repeat(np.arange(150), 6)
    telling = random.normal(size=(150, 24)).astype(np.float32)[people] + 0.3 * random.normal(size=(900, 24))
    targets = np.hstack([loud, telling]).astype(np.float32)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    apart = {}
    for kind in ("svd", "trained"):
        y = targets @ directions(kind, targets, people, 24)
        y /= np.linalg.norm(y, axis=1, keepdims=True)
        same = people[:, None] == people[None]
        apart[kind] = (y @ y.T)[same].mean() - (y @ y.T)[~same].mean()
    assert apart["trained"] > apart["svd"] + 0.1
    with pytest.raises(UserError, match="projection trained: needs"):
        directions("trained", targets[:12], people[:12], 8)


def test_a_data_set_of_labels_only_trains_a_classifier(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", people=30, photos=8, unnamed=1)
    for path in folder.glob("embeddings-*"):
        np.save(path, np.zeros((len(np.load(path)), 0), np.float32))
    training, held_out = open_photos(folder)
    assert (training.people >= 0).all() and training.targets.shape[1] == held_out.targets.shape[1] == 0
    run = Run(config(folder, losses={"cosface": {}}), tmp_path / "run")
    assert run.losses.losses["cosface"].centres.shape[0] == training.people.max() + 1
    assert run.train().step > 0
    with pytest.raises(UserError, match="compares with a teacher that has 0 values"):
        Run(config(folder), tmp_path / "other")


def test_embeddings_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", people=8, photos=4)
    path = next(folder.glob("embeddings-*"))
    spoilt = np.load(path)
    spoilt[0, 0] = np.nan
    np.save(path, spoilt)
    with pytest.raises(UserError, match="embeddings that are no numbers"):
        open_photos(folder)
