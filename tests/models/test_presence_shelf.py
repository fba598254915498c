"""The shelf of face / no-face networks: every one loads, says what it is, and is placed on its chip."""

from pathlib import Path

import pytest

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.errors import DamagedFileError, UserError
from microface.models.presence import ACCURACY, load_card, load_presence, presence_names


def test_every_shipped_network_has_a_card_and_a_place() -> None:
    for name in presence_names():
        model = load_presence(name)
        measured = model.card.find(ACCURACY)
        assert measured is not None and measured.value > 0.8 and measured.std_error is not None
        assert "research" in model.card.licence and model.network.output.elements == 2
        assert plan_accelerator(model.network, Target.load("max78000")).layers[-1].layer.wide


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no shipped"):
        load_presence("nothing")
    (tmp_path / "card.json").write_text('{"summary": 3}')
    with pytest.raises(DamagedFileError, match="is no card"):
        load_card(tmp_path / "card.json")
