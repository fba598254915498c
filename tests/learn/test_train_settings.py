# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Settings of a run: a wrong one is told by name before anything is read or written, whatever way it comes."""

import math
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

import torch.distributed as dist
from settings import config

from microface.errors import UserError
from microface.learn import nets
from microface.learn.train import schedule
from microface.learn.train.config import Augmentation, TrainConfig, from_values
from microface.learn.train.place import where
from microface.learn.train.possible import require_possible
from microface.learn.train.run import Run
from microface.learn.train.schedule_file import config_of
from microface.learn.train.start import start
from microface.learn.train.team import Team, _member

WRONG = [
    ("checks = 0", "checks = 0: cannot be used; it should be greater than or equal to 1"),
    ("sizes = [[0.5, 1.0]]", "it should begin at the share 0.0"),
    ("sizes = []", "it should begin at the share 0.0"),
    ("sizes = [[0.0]]", r"sizes\[0\]\[1\]: is missing"),
    ("rates = [[0.5, 1.0], [0.1, 0.5]]", "shares rising"),
    ("warm_up = 1.0", "it should be less than 1"),
    ("settle = [0.5]", r"settle\[1\]: is missing"),
    ('patience = "x"', "patience = 'x': cannot be used; it should be a valid integer"),
    ("seed = -1", "seed = -1: cannot be used; it should be greater than or equal to 0"),
    ("seed = 9223372036854775808", "seed"),
    ("batch = 1", "it should be greater than or equal to 2"),
    ("rate = nan", "it should be a finite number"),
    ('optimizer = "best"', "it should be 'adamw', 'adam', 'sgd' or 'muon'"),
    ("options = 3", "options = 3"),
    ("augmentation = 3", "augmentation = 3"),
    ('[augmentation]\nrotation = "x"', "augmentation.rotation = 'x': cannot be used; it should be a valid number"),
    ("[augmentation]\ngain = -0.1", "augmentation.gain"),
    ("[augmentation]\nturn = 3", "augmentation.turn: is not known; use blur, gain"),
    ("epoch = 3", "epoch: is not known; use augmentation, averaging, batch"),
    ('[losses.cosine]\nweight = "a"', "losses.cosine = .*: cannot be used; it should have a weight from 0"),
    ("[losses.cosine]\nweight = []", "it should have a weight from 0"),
    ('[quantisation]\nmetod = "qat"', "quantisation, metod: is not known; use bits, budget, calibration"),
    ('[quantisation]\nmethod = "int4"', "quantisation, method = 'int4': cannot be used"),
    ("[losses]\ncosine = -1", "it should have a weight from 0"),
    ("[losses]\ncosine = [[0.0, 0.0], [2.0, 1.0]]", "it should have a weight from 0"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_wrong_setting_of_a_schedule_is_told_by_name_and_file(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f"epochs = 1\n{text}\n")
    with pytest.raises(UserError, match=rf"mine.toml, .*{told}"):
        config_of(str(tmp_path / "mine.toml"), {"data": "x"})


def test_a_number_alone_is_the_weight_of_a_loss(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("epochs = 1\n[losses]\ncosine = 1.0\nsimilarity = [[0.0, 0.0], [0.1, 2.0]]\n")
    terms = config_of(str(tmp_path / "mine.toml"), {"data": "x"}).terms
    assert terms == {"cosine": {"weight": 1.0}, "similarity": {"weight": [[0.0, 0.0], [0.1, 2.0]]}}


def test_losses_that_compare_people_get_several_photos_of_each() -> None:
    """With one photo of a person in a batch the lifted structure is nearly always nothing."""
    sums = {"cross_entropy": {"weight": 1.0}, "lifted": {"weight": 0.5}}
    assert config_of("", {"data": "x", "epochs": 1, "losses": sums}).per_person == 4
    assert config_of("", {"data": "x", "epochs": 1, "losses": sums, "per_person": 2}).per_person == 2
    assert config_of("", {"data": "x", "epochs": 1}).per_person == 1


@pytest.mark.parametrize(("precision", "kind"), [("auto", "float32"), ("float32", "float32"), ("bf16", "bfloat16")])
def test_a_processor_computes_in_bfloat16_only_when_told(precision: str, kind: str) -> None:
    with where("cpu", precision=precision).quick():
        assert torch.nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == getattr(torch, kind)


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"losses": {"arcface": {"foo": 2.0}}}, "loss arcface, foo: is not known; use margin, scale"),
    ({"losses": {"cosine": {"margin": 1.0}}}, "loss cosine, margin: is not known; leave it out"),
    ({"losses": {"cross_entropy": {"smoothing": 2.0}}}, "it should be less than 1"),
    ({"losses": {"relation": {"temperature": 0.0}}}, "it should be greater than 0"),
    ({"losses": {"centres": {"fewest": 2.5}}}, "it should be a valid integer"),
    ({"losses": {"sine": {}}}, "choose among"),
    ({"net": "foldnet", "options": {}}, "foldnet: is not a network for embedding"),
    ({"options": {"embedding": 0}}, "embedding=0: is too small or no size; give embedding a value from 1"),
    ({"options": {"stem": -4}}, "stem=-4: is too small"),
    ({"options": {"stem": [4]}}, "is not a number"),
    ({"net": "mobilenet_v2", "options": {"width": 0}}, "width=0: is too small"),
    ({"net": "faceidnet", "options": {"resolution": 16}}, "faceidnet with resolution=16: is no network"),
]


@pytest.mark.parametrize(("changes", "told"), IMPOSSIBLE)
def test_what_there_cannot_be_is_told_before_the_data_is_read(
    changes: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=told):
        start(config(tmp_path / "nowhere", **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_batch_too_small_for_its_processes_is_told(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="batch 3: is too small for 2 processes; use 4 or more"):
        Run(config(drawn, batch=3, threads=2), tmp_path / "run", Team(0, 2))


def _refuse(team: Team) -> None:
    raise UserError("setting", "is wrong", "mend it")


def test_only_the_leader_tells_what_every_process_meets(tmp_path: Path) -> None:
    """The others' errors would be tracebacks on the screen."""
    _member(0, 1, f"file://{tmp_path / 'meeting'}", _refuse, ())
    dist.destroy_process_group()


_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
_VALUES = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
_NAMES = [field.name for field in fields(TrainConfig) if field.name not in ("data", "net", "options", "augmentation")]


@settings(max_examples=60)
@given(st.sampled_from(_NAMES), _VALUES)
def test_whatever_a_setting_is_it_is_refused_or_has_a_schedule(name: str, value: object) -> None:
    """No value of any setting ends in anything but a refusal, or a rate, a view and weights for every moment."""
    try:
        chosen = from_values({"data": "x", "net": "facenet", "epochs": 1, name: value})
    except UserError as error:
        assert "\n" not in error.mend
        return
    for share in (0.0, 0.3, 1.0):
        assert math.isfinite(schedule.rate(chosen, share))
        assert schedule.view(chosen, share, 96).size <= (96, 96)
        assert all(schedule.weight(term.get("weight", 1.0), share) >= 0 for term in chosen.terms.values())


@settings(max_examples=40)
@given(st.sampled_from([field.name for field in fields(Augmentation)]), _PLAIN)
def test_whatever_an_augmentation_is_it_is_a_number_in_range_or_refused(name: str, value: object) -> None:
    try:
        chosen = from_values({"data": "x", "net": "y", "epochs": 1, "teacher": "t", "augmentation": {name: value}})
    except UserError:
        return
    assert 0 <= getattr(chosen.augmentation, name) < math.inf


@pytest.mark.parametrize("net", nets.names())
def test_every_family_grows_through_the_usual_sizes(net: str) -> None:
    require_possible(TrainConfig("x", net, epochs=1))
