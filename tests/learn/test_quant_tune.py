# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Quantisation-aware training: the same every time, goes on where it was cut off, later layers first."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from faces import NET
from settings import config

from microface.errors import UserError
from microface.learn import nets
from microface.learn.package import float_inputs
from microface.learn.quant import tune
from microface.learn.quant.calibrate import Quantisable, observe, quantisations
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.lower import lower
from microface.learn.quant.sensitivity import candidates
from microface.learn.quant.simulate import differences
from microface.learn.quant.trace import trace
from microface.learn.quant.tune import TuneOptions, rounding_at, steps_for, tuned
from microface.learn.quant.weights import with_steps
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Batch, Loader, open_photos

STEPS = 8


@pytest.fixture(scope="module")
def ready(drawn: Path) -> tuple[FloatGraph, Quantisable, TrainConfig]:
    """An untrained network, the same with 4-bit weights where that is allowed, and the settings of its run."""
    torch.manual_seed(0)
    settings = config(drawn)
    graph = trace(nets.build("facenet", nets.options_of("facenet", NET)), 32, "drawn")
    photos, _ = open_photos(drawn)
    affine = quantisations(graph, observe(graph, float_inputs(photos, np.arange(64), (32, 32))))
    four = with_steps(graph.with_bits(dict.fromkeys(candidates(graph), 4)))
    return graph, (four, affine), settings


def _same(first: Quantisable, second: Quantisable) -> bool:
    pairs = zip(first[0].weighted(), second[0].weighted(), strict=True)
    alike = all(np.array_equal(a.weights, b.weights) and np.array_equal(a.steps, b.steps) for a, b in pairs)
    return alike and first[1] == second[1]


def test_training_learns_steps_and_ends_in_an_exact_network(
    ready: tuple[FloatGraph, Quantisable, TrainConfig], tmp_path: Path
) -> None:
    graph, start, settings = ready
    result = tuned(start, graph, settings, TuneOptions(STEPS, later_first=True), tmp_path)
    assert _same(result, tuned(start, graph, settings, TuneOptions(STEPS, later_first=True), tmp_path))
    moved = [float(np.abs(b.steps / a.steps - 1).max()) for a, b in zip(start[0].weighted(), result[0].weighted())]  # noqa: B905
    assert min(moved) > 0 and max(moved) < 0.1
    x = np.random.default_rng(0).integers(-128, 128, (3, 32, 32, 3)).astype(np.int8)
    assert differences(lower(*result), *result, x) == {}


def test_interrupted_training_goes_on_exactly(
    ready: tuple[FloatGraph, Quantisable, TrainConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, start, settings = ready
    whole = tuned(start, graph, settings, TuneOptions(STEPS), tmp_path)
    options = TuneOptions(STEPS, save=tmp_path / "qat.pt")
    monkeypatch.setattr(tune, "_SAVE_EVERY", 0.0)
    honest, first_steps = Loader.batch, STEPS // 2

    def cut_off(loader: Loader, epoch: int, number: int, view: object) -> Batch:
        if number == first_steps:
            raise KeyboardInterrupt
        return honest(loader, epoch, number, view)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Loader, "batch", cut_off)
        tuned(start, graph, settings, options, tmp_path)
    assert options.save is not None and options.save.exists()
    with pytest.raises(UserError, match="other settings"):
        tuned(start, graph, settings, TuneOptions(STEPS + 1, save=options.save), tmp_path)
    assert _same(whole, tuned(start, graph, settings, options, tmp_path))
    assert not options.save.exists()


def test_later_nodes_are_rounded_first_and_all_from_the_middle_on() -> None:
    order = [f"node{number}" for number in range(10)]
    assert rounding_at(0.0, order) == {"node9"}
    assert rounding_at(0.2, order) >= {"node8", "node9"} and "node0" not in rounding_at(0.2, order)
    assert rounding_at(0.5, order) == rounding_at(1.0, order) == set(order)


def test_the_phase_lasts_nine_per_cent_of_the_run() -> None:
    assert steps_for(20_000) == 1800 and steps_for(10) == 100
