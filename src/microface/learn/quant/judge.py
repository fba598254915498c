"""Judging networks on held-out people: the float ones by their folded graph, the integer ones to the bit."""

from dataclasses import dataclass

import numpy as np

from microface.learn.package import Run, embed_integers
from microface.learn.quant.calibrate import Quantisable
from microface.learn.quant.lower import lower
from microface.learn.quant.simulate import simulate
from microface.learn.train.data import Photos
from microface.learn.train.validate import Check, check, pairs_of
from microface.metrics.roc import Roc, roc
from microface.network import IntegerNetwork


@dataclass(frozen=True)
class Stage:
    """What one step of quantisation came to: its held-out embeddings [N, D] and figures, and the bytes of constants.

    `bytes` is 0 for float networks.
    """

    name: str
    embeddings: np.ndarray
    check: Check
    bytes: int = 0

    def curve(self, photos: Photos) -> Roc:
        """Return the ROC over all pairs of photos of named held-out people, by cosine."""
        return roc(*pairs_of(self.embeddings, photos))


@dataclass(frozen=True)
class Judge:
    """Held-out `photos`, read at `size` (height, width), and the float embeddings that cosines are taken to."""

    photos: Photos
    size: tuple[int, int]
    wanted: np.ndarray

    def floats(self, name: str, embeddings: np.ndarray) -> Stage:
        """Return the stage of a float network's `embeddings`."""
        wanted = self.wanted if embeddings.shape == self.wanted.shape else None
        return Stage(name, embeddings, check(embeddings, self.photos, wanted))

    def integers(self, name: str, quantisable: Quantisable) -> Stage:
        """Return the stage of the integer network that `quantisable` lowers to."""
        graph, _ = quantisable
        return self.network(name, lower(*quantisable), lambda x: simulate(*quantisable, x)[graph.output.name])

    def network(self, name: str, network: IntegerNetwork, simulated: Run) -> Stage:
        """Return the stage of `network`, whose outputs `simulated` gives too."""
        embeddings = embed_integers(network, simulated, self.photos, self.size)
        measured = check(embeddings.astype(np.float32), self.photos, self.wanted)
        return Stage(name, embeddings, measured, network.constant_bytes)
