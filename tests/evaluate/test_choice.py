"""Choosing a network: packages of known size and invented accuracy; every refusal has its reason."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.cli.app import app
from microface.cli.choose import parse_time, show
from microface.errors import UserError
from microface.evaluate.choice import Limits, choose
from microface.models import Cost, Measurement, ModelCard, ModelPackage, held_out_metric
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Dense
from microface.network.requantise import HighMul
from microface.photos.preprocess import Preprocess

CHIP = Target.load("stm32h743zi")


def package(name: str, size: int, accuracy: float | None, data: str = "LFW, made up", values: int = 8) -> ModelPackage:
    """A dense layer on `size` x `size` pixels, with an accuracy that nobody measured."""
    tensors = {"x": Tensor("x", (size, size, 3), "s8", 1 / 128), "e": Tensor("e", (1, 1, values), "s8", 0.1)}
    rule = HighMul.from_scales(np.full(values, 0.0004), 0)
    dense = Dense("dense", ("x",), "e", np.ones((values, size * size * 3), np.int8), np.zeros(values, np.int32), rule)
    network = IntegerNetwork(name, tensors, (dense,), ("x",), ("e",))
    card = ModelCard("a test", "noise", "none", "Apache-2.0", "for tests only")
    figure = Measurement("lfw accuracy", accuracy or 0.0, 0.01, data, "integer", "none")
    return ModelPackage(name, network, Preprocess.aligned(size), "l2", card.measured(figure) if accuracy else card)


PACKAGES = {
    "large": package("large", 96, 0.97),
    "middle": package("middle", 64, 0.95),
    "small": package("small", 32, 0.90),
    "unknown": package("unknown", 32, None),
}


def limits_of(name: str) -> Limits:
    """Return exactly what `name` takes, so that it just fits."""
    planned = plan(PACKAGES[name].network, CHIP)
    return Limits(planned.flash_bytes, sum(line.bytes for line in planned.ram), planned.milliseconds[1])


def test_without_limits_the_most_accurate_is_taken() -> None:
    choice = choose(PACKAGES, CHIP, Limits())
    assert choice.chosen is not None and choice.chosen.name == "large"
    assert [each.name for each in choice.candidates] == ["large", "middle", "small", "unknown"]
    told = {each.name: each.refusals for each in choice.candidates}
    assert told["large"] == () and told["middle"] == ("less accurate than large: 95.00 against 97.00 %",)
    assert "never measured" in told["unknown"][0]


@pytest.mark.parametrize("what", ["flash", "ram", "milliseconds"])
def test_each_limit_refuses_what_is_just_over_it(what: str) -> None:
    limit = getattr(limits_of("middle"), what)
    choice = choose(PACKAGES, CHIP, Limits(**{what: limit}))
    assert choice.chosen is not None and choice.chosen.name == "middle"
    below = choose(PACKAGES, CHIP, Limits(**{what: limit - (1e-6 if what == "milliseconds" else 1)}))
    assert below.chosen is not None and below.chosen.name == "small"


def test_all_reasons_are_told_with_their_numbers() -> None:
    choice = choose({"large": PACKAGES["large"]}, CHIP, Limits(1000, 1000, 0.0001))
    assert choice.chosen is None
    flash, ram, time = choice.candidates[0].refusals
    used = limits_of("large")
    assert (
        used.flash is not None
        and flash == f"takes {used.flash:,} bytes of flash, {used.flash - 1000:,} more than 1,000"
    )
    assert ram.startswith(f"takes {used.ram:,} bytes of RAM") and "0.0001 ms are allowed" in time


def test_of_equally_accurate_networks_the_quicker_is_taken() -> None:
    twins = {"slow": package("slow", 64, 0.9), "quick": package("quick", 32, 0.9, "LFW, other pairs")}
    choice = choose(twins, CHIP, Limits())
    assert choice.chosen is not None and choice.chosen.name == "quick" and choice.mixed
    assert choice.candidates[1].refusals == ("as accurate as quick, which is quicker",)


def with_costs(source: ModelPackage, *costs: Cost) -> ModelPackage:
    return source.with_card(source.card.costing(*costs))


def test_what_the_card_has_counted_is_taken_instead_of_the_plan() -> None:
    counted = Cost(CHIP.name, 1_000, (1.0, 3.0), 5_000, 64, 300, True, "microface bench")
    source = with_costs(PACKAGES["small"], counted, replace(counted, target="nrf52840", milliseconds=(9.0, 9.0)))
    choice = choose({"small": source}, CHIP, Limits(flash=5_000, milliseconds=3.0))
    assert choice.chosen is not None and choice.chosen.cost == counted
    slow = choose({"small": source}, CHIP, Limits(milliseconds=2.9))
    assert slow.candidates[0].refusals == ("takes up to 3 ms (estimate), 2.9 ms are allowed",)
    estimate = with_costs(PACKAGES["small"], replace(counted, counted=False))
    planned = choose({"small": estimate}, CHIP, Limits()).candidates[0].cost
    assert planned is not None and planned.instructions == plan(estimate.network, CHIP).instructions


def figured(source: ModelPackage, *figures: tuple[str, float]) -> ModelPackage:
    new = (Measurement(metric, value, None, f"LFW, made up, {metric[-6:]}", "integer", "") for metric, value in figures)
    return source.with_card(source.card.measured(*new))


def test_the_crop_that_will_be_used_decides_and_the_other_is_told() -> None:
    sources = {
        "large": figured(PACKAGES["large"], ("lfw accuracy, boxes", 0.90)),
        "middle": figured(PACKAGES["middle"], ("lfw accuracy, boxes", 0.92)),
        "loose": replace(package("loose", 32, 0.91), preprocess=Preprocess.loose(32, 32)),
    }
    plain, boxes = choose(sources, CHIP, Limits()), choose(sources, CHIP, Limits(), "boxes")
    assert plain.chosen is not None and plain.by_boxes is not None and boxes.chosen is not None
    assert (plain.chosen.name, plain.by_boxes.name) == ("large", "middle")
    assert boxes.chosen.name == "middle" and boxes.by_boxes is None
    assert [each.name for each in boxes.candidates] == ["middle", "loose", "large"]
    assert boxes.candidates[2].refusals == ("less accurate than middle: 90.00 against 92.00 %",)
    centre = choose(sources, CHIP, Limits(), "centre")
    assert centre.chosen is None and "--crop centre was never measured" in centre.candidates[0].refusals[0]
    with pytest.raises(UserError, match="choose aligned, boxes, centre"):
        choose(sources, CHIP, Limits(), "round")  # type: ignore[arg-type]


def test_the_verb_tells_who_is_better_without_landmarks(capsys: pytest.CaptureFixture[str]) -> None:
    sources = {
        "large": figured(PACKAGES["large"], ("lfw accuracy, boxes", 0.90)),
        "middle": held_out(figured(PACKAGES["middle"], ("lfw accuracy, boxes", 0.92)), 0.75, 0.5),
    }
    show(choose(sources, CHIP, Limits()), CHIP)
    said = " ".join(capsys.readouterr().out.split())
    assert "middle is more accurate: 92.00 against 90.00 % (--crop boxes)" in said and "0.750 at 0.01" in said
    show(choose(sources, CHIP, Limits(), "boxes"), CHIP)
    assert "take middle" in capsys.readouterr().out


def held_out(source: ModelPackage, at_2: float, at_3: float, data: str = "162 people") -> ModelPackage:
    rates = {"0.01": at_2, "0.001": at_3}
    new = (Measurement(held_out_metric(rate), tar, None, data, "integer", "") for rate, tar in rates.items())
    return source.with_card(source.card.measured(*new))


def test_held_out_people_decide_between_equals_and_without_lfw() -> None:
    slow, quick = package("slow", 64, 0.9), package("quick", 32, 0.9)
    better = choose({"slow": held_out(slow, 0.9, 0.8), "quick": held_out(quick, 0.9, 0.7)}, CHIP, Limits())
    assert better.chosen is not None and better.chosen.name == "slow"
    assert better.candidates[1].refusals == ("as accurate as slow on LFW, less on held-out people",)
    for other in (quick, held_out(quick, 0.1, 0.1, "other people")):  # not comparable
        choice = choose({"slow": held_out(slow, 0.9, 0.8), "quick": other}, CHIP, Limits())
        assert choice.chosen is not None and choice.chosen.name == "quick"
    mine = {"a": held_out(PACKAGES["unknown"], 0.8, 0.5), "b": held_out(PACKAGES["unknown"], 0.8, 0.6)}
    alone = choose(mine, CHIP, Limits())
    assert alone.chosen is not None and alone.chosen.name == "b"
    assert alone.candidates[1].refusals == ("less accurate than b on held-out people",)
    beside = choose({**mine, "small": PACKAGES["small"]}, CHIP, Limits())
    assert beside.chosen is not None and beside.chosen.name == "small"
    assert "LFW was never measured of it" in beside.candidates[1].refusals[0]


def test_what_the_chip_itself_cannot_hold_is_refused() -> None:
    big = {"big": package("big", 96, 0.99, values=127)}
    choice = choose(big, CHIP, Limits())
    assert choice.chosen is None and "short for" in choice.candidates[0].refusals[0]


def test_the_verb_explains_and_ends_with_one_where_nothing_fits(tmp_path: Path) -> None:
    for name, each in PACKAGES.items():
        each.save(tmp_path / "mine" / f"{name}.mface")
    common = ("choose", "--target", CHIP.name, "--packages", str(tmp_path / "mine"), "--json", str(tmp_path / "c.json"))
    assert CliRunner().invoke(app, [*common, "--flash", "300KB"]).exit_code == 0  # less than the shipped ones take
    assert json.loads((tmp_path / "c.json").read_text())["chosen"].endswith("large.mface")
    refused = CliRunner().invoke(app, [*common, "--flash", "1KB", "--time", "1ms"])
    assert refused.exit_code == 1 and "none is within these limits" in refused.output
    assert "more than 1,000" in refused.output
    with pytest.raises(UserError, match=r"holds no \.mface"):
        CliRunner().invoke(app, ["choose", "--target", CHIP.name, "--packages", str(tmp_path)], catch_exceptions=False)


def test_times_are_read_with_their_units() -> None:
    assert parse_time("500ms") == 500 and parse_time("0.5 s") == 500
    with pytest.raises(UserError, match="is not a time"):
        parse_time("soon")


def test_the_card_keeps_costs_and_the_verb_shows_them(tmp_path: Path) -> None:
    cost = Cost("stm32h743zi", 1_234_567, (1.5, 2.5), 1000, 2000, 300, True, "microface bench")
    card = PACKAGES["small"].card.costing(cost)
    assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card
    assert card.costing(cost).costs == (cost,)
    old = {key: value for key, value in card.to_json().items() if key != "costs"}
    assert ModelCard.from_json(old).costs == ()
    PACKAGES["small"].with_card(card).save(tmp_path / "small.mface")
    said = CliRunner().invoke(app, ["models", str(tmp_path / "small.mface")]).output
    assert "1,234,567" in said and "90.00 %" in said and "for tests only" in said
