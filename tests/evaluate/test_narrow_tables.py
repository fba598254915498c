"""Tables on a terminal of 80 columns: everything is there."""

import io

import pytest
from rich.console import Console

from microface.cli.evaluate import compare
from microface.console import table
from microface.evaluate.comparison import Row
from microface.models import Cost

CHIPS = ("stm32h743zi", "nrf52840")


def row(name: str, engine: str) -> Row:
    costs = [Cost(chip, 18_230_000, (487.0, 550.0), 485_818, 46_400, 800, True, "bench") for chip in CHIPS]
    sizes, accuracy = (19_871_264, 430_000), (0.959, 0.0054, 0.9547)
    named = {"men": 0.978, "women": 0.911}
    shares, lfw, people = {"0.01": 0.891}, {"boxes": 0.927, "centre": 0.9387}, {"boxes": named, "centre": named}
    return Row(
        name, engine, "id", "96 x 96 aligned", *sizes, *accuracy, shares, named, lfw, people, tuple(costs), (), 3.0
    )


def printed(monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(compare, "console", Console(width=80, file=stream))
    compare._show(rows, 3000)
    return stream.getvalue()


def test_the_comparison_of_networks_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, [row("mobilenetv2-0.5-96", "integer"), row("teacher_mbf_512", "teacher")])
    assert "…" not in text and max(map(len, text.splitlines())) <= 80
    for cell in ("mobilenetv2-0.5-96", "teacher_mbf_512 (teacher)", "92.70", "93.87", "18.23 M", "487-550 ms", *CHIPS):
        assert cell in text


def test_long_words_are_folded() -> None:
    stream, name = io.StringIO(), "x" * 100
    Console(width=40, file=stream).print(table("title", ("one", "two"), [("a", name), ("b", "c")]))
    assert stream.getvalue().count("x") == 100
