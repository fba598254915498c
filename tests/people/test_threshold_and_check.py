"""The threshold of a gallery and the printed check, on people who are points with noise."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import typer
from packages import tiny_package
from typer.testing import CliRunner

from microface.cli.enroll import enroll
from microface.errors import UserError
from microface.metrics.trials import measure_visits
from microface.metrics.visits import VisitStatistics
from microface.network.scores import Score
from microface.people.check import check, decide
from microface.people.gallery import NOBODY_ACCEPTED, Gallery, Person
from microface.people.threshold import choose, one_in, renewed, sentences, to_json, told_rate, with_rate

SCORE = Score("l2")


@dataclass(frozen=True)
class Package:
    """What thresholds need of a package."""

    statistics: VisitStatistics | None
    name: str = "points"


def points(people: int, photos: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    centres = generator.normal(0, 40, (people, 1, 32))
    values = centres + generator.normal(0, noise, (people, photos, 32))
    return np.clip(values, -127, 127).astype(np.int8).reshape(-1, 32), np.repeat(np.arange(people), photos)


@pytest.fixture(scope="module")
def package() -> Package:
    embeddings, owners = points(80, 11, 14)
    return Package(measure_visits(SCORE.centred(embeddings), owners, SCORE.distances, replicates=50))


def gallery_of(count: int = 4, photos: int = 5, noise: float = 14) -> Gallery:
    embeddings, owners = points(count, photos, noise, seed=5)
    people = tuple(Person(f"p{i}", embeddings[owners == i]) for i in range(count))
    return Gallery("points", "ab" * 32, 32, people=people)


def test_a_threshold_holds_its_rate_on_new_strangers(package: Package) -> None:
    gallery, choice = with_rate(package, gallery_of(), 0.01)
    strangers, _ = points(4000, 1, 14, seed=9)
    accepted = np.mean([name is not None for name in decide(gallery, SCORE, strangers)])
    assert accepted <= 0.02 and choice.rate <= 0.01
    visits, owners = points(4, 200, 14, seed=5)  # the same centres, other noise
    named = np.array(decide(gallery, SCORE, visits)) == np.array([f"p{i}" for i in owners])
    assert choice.genuine is not None and abs(named.mean() - choice.genuine) < 0.1


def test_more_people_need_a_lower_threshold(package: Package) -> None:
    few, many = choose(package, gallery_of(2), 0.01), choose(package, gallery_of(20), 0.01)
    assert many.threshold < few.threshold


def test_changed_people_renew_the_threshold_unless_it_was_set_by_hand(package: Package) -> None:
    gallery, _ = with_rate(package, gallery_of(20), 0.01)
    fewer = renewed(package, gallery.remove("p0").remove("p1"))
    assert fewer.threshold >= gallery.threshold and fewer.rate == 0.01
    assert renewed(package, gallery.with_threshold(77).remove("p0")).threshold == 77
    assert renewed(package, Gallery("points", "ab" * 32, 32)).threshold == NOBODY_ACCEPTED


def test_what_is_said_about_a_choice(package: Package) -> None:
    choice = choose(package, gallery_of(), 1e-6)
    text = " ".join(sentences(choice))
    assert "the lowest rate they support" in text and "1 in 1,000,000" in text
    assert to_json(choice)["limited"] is True
    assert "lowest" not in " ".join(sentences(choose(package, gallery_of(), 0.05)))


@pytest.mark.parametrize(("rate", "words"), [(0.001, "1 in 1,000"), (0, "none"), (0.75, "75 %")])
def test_rates_in_words(rate: float, words: str) -> None:
    assert one_in(rate) == words


def test_what_cannot_be_chosen(package: Package) -> None:
    with pytest.raises(UserError, match="no statistics"):
        choose(Package(None), gallery_of())
    with pytest.raises(UserError, match="nobody in it"):
        choose(package, Gallery("points", "ab" * 32, 32))
    with pytest.raises(UserError, match="not a rate"):
        choose(package, gallery_of(), 0)
    assert told_rate(Package(None), gallery_of()) is None


def test_the_rate_of_a_threshold_set_by_hand(package: Package) -> None:
    gallery, choice = with_rate(package, gallery_of(), 0.01)
    assert told_rate(package, gallery) == (choice.rate, choice.rate_low, choice.rate_high)


def line(name: str, *values: int) -> Person:
    return Person(name, np.array([[v] for v in values], np.int8))


def test_each_own_photo_is_left_out_once() -> None:
    gallery = Gallery("m", "ab" * 32, 1, 5, None, (line("A", 0, 2, 60), line("B", 100, 104), line("C", 62)))
    found = check(gallery, Score("l1"))
    # A's 0 and 2 are far from the mean with 60 (31 and 30), 60 is C's by 2; C's only photo is far from A's mean.
    assert found.tried == {"A": 3, "B": 2}
    assert found.refused == {"A": 3} and found.taken_for == {("A", "C"): 1}
    assert found.refused_share == 3 / 5 and found.accepted_share is None
    text = "\n".join(found.sentences())
    assert "3 of 5 refused" in text and "A was taken for C in 1 photo" in text
    assert found.own == (31, 30, 59, 4, 4) and "at distances of 4 to 59, half of them below 30" in text


def test_a_single_photo_can_still_be_taken_for_another() -> None:
    gallery = Gallery("m", "ab" * 32, 1, 5, None, (line("A", 0, 2), line("C", 3)))
    found = check(gallery, Score("l1"))
    assert found.taken_for[("C", "A")] == 1 and "C" not in found.tried


def test_strangers_are_counted_by_the_name_they_got() -> None:
    gallery = Gallery("m", "ab" * 32, 1, 5, None, (line("A", 0), line("B", 100)))
    found = check(gallery, Score("l1"), np.array([[4], [50], [99], [96]], np.int8))
    assert found.strangers == 4 and found.accepted == {"A": 1, "B": 2} and found.accepted_share == 3 / 4
    assert found.to_json()["strangers_accepted"] == 3 and found.to_json()["stranger_distances"] == [1, 4, 4, 50]
    assert "  at distances of 1 to 50, half of them below 4" in found.sentences()


def test_a_threshold_that_refuses_everybody_still_tells_how_near_people_come() -> None:
    """So that a threshold by hand can be chosen; nobody, or nobody enrolled, has no distance to tell."""
    gallery = Gallery("m", "ab" * 32, 1, -1, None, (line("A", 0, 4), line("B", 100, 102)))
    found = check(gallery, Score("l1"), np.array([[10]], np.int8))
    assert sum(found.refused.values()) == 4 and not found.accepted
    assert [line for line in found.sentences() if "distances" in line] == [
        "  at distances of 2 to 4, half of them below 3", "  at distances of 8 to 8, half of them below 8",
    ]  # fmt: skip
    nobody = check(Gallery("m", "ab" * 32, 1), Score("l1"), np.array([[10]], np.int8))
    assert "distances" not in "".join(nobody.sentences()) and nobody.strangers == 1
    assert nobody.to_json()["stranger_distances"] == []


def test_ties_go_to_the_lower_index_and_nobody_names_nobody() -> None:
    gallery = Gallery("m", "ab" * 32, 1, 5, None, (line("A", 0), line("B", 2)))
    assert decide(gallery, Score("l1"), np.array([[1]], np.int8)) == ["A"]
    assert decide(Gallery("m", "ab" * 32, 1), Score("l1"), np.array([[1]], np.int8)) == [None]
    assert check(Gallery("m", "ab" * 32, 1), Score("l1")).refused_share is None


def test_enroll_says_that_there_are_no_statistics_before_it_looks_at_photos(tmp_path: Path) -> None:
    """The folder's only file is no photo, which would be told once photos are looked at."""
    replace(tiny_package(), statistics=None).save(tmp_path / "bare.mface")
    (tmp_path / "photos" / "Ada").mkdir(parents=True)
    (tmp_path / "photos" / "Ada" / "1.jpg").write_bytes(b"no photo")
    application, output = typer.Typer(), tmp_path / "people.mfg"
    application.command()(enroll)
    told = [str(tmp_path / "photos"), "--network", str(tmp_path / "bare.mface"), "--output", str(output)]
    with pytest.raises(UserError, match="has no statistics on held-out people; give `enroll` a --threshold N"):
        CliRunner().invoke(application, told, catch_exceptions=False)
    with pytest.raises(UserError, match="is not a rate of false accepts"):
        CliRunner().invoke(application, [*told, "--rate", "2"], catch_exceptions=False)
    with pytest.raises(UserError, match=r"Ada: has no photo that can be enrolled|1\.jpg"):
        CliRunner().invoke(application, [*told, "--threshold", "9"], catch_exceptions=False)
    assert not output.exists()
