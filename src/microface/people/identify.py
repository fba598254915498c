"""Who is it? The decision of the device, with names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microface.chip.devices.device import Device, Match
from microface.people.gallery import Gallery
from microface.people.image import to_image


@dataclass(frozen=True)
class Identification:
    """One decision: `name` None means unknown; `nearest` is who came nearest ("" in an empty gallery)."""

    name: str | None
    nearest: str
    distance: int
    threshold: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; the name of unknown people is `unknown`."""
        return {**vars(self), "name": self.said}

    @property
    def said(self) -> str:
        """The name, or `unknown`."""
        return "unknown" if self.name is None else self.name


def identify(gallery: Gallery, device: Device, embeddings: np.ndarray) -> list[Identification]:
    """Return the decisions of `device` on embeddings s8 [N, D] after `gallery` was written to it."""
    gallery.require_model(device.model.model_id)
    device.write_gallery(to_image(gallery))
    return [named(gallery, match) for match in device.match(embeddings)]


def named(gallery: Gallery, match: Match) -> Identification:
    """Return a device's decision with the names of `gallery`."""
    names: Sequence[str] = gallery.names
    nearest = names[match.nearest] if match.nearest >= 0 else ""
    name = names[match.person] if match.person >= 0 else None
    return Identification(name, nearest, match.distance, gallery.threshold)
