"""What every device can do, whatever it is: run a network, embed crops, say who somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from microface.chip.firmware.model import Model
from microface.errors import UserError


@dataclass(frozen=True)
class Match:
    """One decision: `person` is the gallery's index of who it is, -1 for unknown; `nearest` who comes nearest."""

    person: int
    nearest: int
    distance: int


class Device(Protocol):
    """Something that computes a model in integers: the host library, an emulated chip.

    All devices give the same integers for the same inputs.
    """

    @property
    def name(self) -> str:
        """What the device is, for people."""
        ...

    @property
    def model(self) -> Model:
        """The model it was built with; galleries of another `model.model_id` are refused."""
        ...

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return the only output's integers [N, h, w, c] for the only input's [N, H, W, C]."""
        ...

    def run_of(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs' integers [N, h, w, c] by name, for all inputs [N, H, W, C] by name."""
        ...

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings s8 [N, D] of uint8 crops [N, H, W, 3]."""
        ...

    def write_gallery(self, image: bytes) -> None:
        """Write the binary gallery `image`; a foreign, damaged or too large one is a `UserError`, the old one stays."""
        ...

    def match(self, embeddings: np.ndarray) -> list[Match]:
        """Return the decision for each of the embeddings s8 [N, D]."""
        ...


def run_single(device: Device, inputs: np.ndarray) -> np.ndarray:
    """Return the integers of the only output of the network of `device`, for those of its only input."""
    network = device.model.network
    return device.run_of({network.input.name: inputs})[network.output.name]


GALLERY_ERRORS = {
    1: "is no gallery of a format this firmware knows",
    2: "belongs to another model",
    3: "is damaged",
    4: "is larger than a slot of the flash",
    5: "could not be written: the flash reported an error",
}


def check_gallery(status: int) -> None:
    """Raise a `UserError` unless the gallery's `status` is 0."""
    if status:
        raise UserError("gallery", GALLERY_ERRORS.get(status, f"is refused ({status})"), "enrol with this model again")
