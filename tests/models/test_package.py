"""Model packages: round trip, identity, refusal of damage."""

from pathlib import Path

import numpy as np
import pytest

from microface.errors import DamagedFileError, UserError
from microface.models import Measurement, ModelCard, ModelPackage, load
from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Dense
from microface.network.requantise import HighMul
from microface.photos.preprocess import Preprocess

CARD = ModelCard("a test", "noise", "none", "Apache-2.0", "for tests only")


def tiny_package(seed: int = 0) -> ModelPackage:
    """A dense layer on 8 x 8 x 3 that gives 4 values."""
    rng = np.random.default_rng(seed)
    tensors = {"x": Tensor("x", (8, 8, 3), "s8", 1 / 128), "e": Tensor("e", (1, 1, 4), "s8", 0.1)}
    weights = rng.integers(-127, 128, (4, 192)).astype(np.int8)
    rule = HighMul.from_scales(np.full(4, 0.001), 0)
    dense = Dense("dense", ("x",), "e", weights, np.zeros(4, np.int32), rule)
    network = IntegerNetwork("tiny", tensors, (dense,), ("x",), ("e",))
    return ModelPackage("tiny", network, Preprocess.aligned(8), "l2", CARD)


def test_round_trip_keeps_the_identity(tmp_path: Path) -> None:
    package = tiny_package()
    package.save(tmp_path / "tiny.mface")
    again = load(str(tmp_path / "tiny.mface"))
    assert again.model_id == package.model_id
    assert (again.preprocess, again.card, again.score) == (package.preprocess, CARD, "l2")


def test_the_card_does_not_change_the_identity_but_weights_do() -> None:
    package = tiny_package()
    figure = Measurement("lfw", 0.9, 0.01, "noise", "integer", "none")
    carded = package.with_card(package.card.measured(figure))
    assert carded.model_id == package.model_id
    assert carded.card.find("lfw") == figure
    assert tiny_package(1).model_id != package.model_id


def test_a_damaged_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.mface"
    tiny_package().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFileError, match=r"tiny\.mface"):
        load(str(path))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UserError, match="neither a shipped model nor a file"):
        load("no-such-model")
