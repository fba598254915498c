"""The shelf of shipped face / no-face networks: a network file and a card each."""

import json
from dataclasses import dataclass
from pathlib import Path

from microface.errors import DamagedFileError, UserError
from microface.files import read_bytes, write_json
from microface.models.card import ModelCard
from microface.models.shelf import SHIPPED
from microface.network import IntegerNetwork, load_network

FOLDER = SHIPPED / "presence"
ACCURACY = "accuracy, classes balanced"
"""The card's name of the share of held-out windows that are told right."""


@dataclass(frozen=True, eq=False)
class PresenceModel:
    """A network that says whether a picture shows a face, and its card."""

    name: str
    network: IntegerNetwork
    card: ModelCard


def presence_names() -> list[str]:
    """Return the names of the shipped face / no-face networks, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.mfn"))


def load_presence(name: str) -> PresenceModel:
    """Return the shipped network `name` with its card."""
    if name not in presence_names():
        raise UserError(name, "is no shipped face / no-face network", f"choose from {', '.join(presence_names())}")
    path = FOLDER / f"{name}.mfn"
    return PresenceModel(name, load_network(path), load_card(path.with_suffix(".json")))


def load_card(path: Path) -> ModelCard:
    """Read the card at `path`; a damaged one is a `DamagedFileError`."""
    try:
        return ModelCard.from_json(json.loads(read_bytes(path)))
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(path, f"is no card ({error})", "write it anew with presence evaluate") from error


def save_card(card: ModelCard, path: Path) -> None:
    """Write `card` as JSON."""
    write_json(path, card.to_json())
