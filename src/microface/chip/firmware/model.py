"""What firmware knows of its model beside the network: names, id, crop and score."""

from dataclasses import dataclass

from microface import __version__
from microface.models import ModelPackage
from microface.network.network import IntegerNetwork
from microface.photos.preprocess import Preprocess


@dataclass(frozen=True)
class Model:
    """A network with what firmware is built from. `preprocess` and `score` are None for a bare network."""

    name: str
    network: IntegerNetwork
    model_id: str
    preprocess: Preprocess | None = None
    score: str | None = None
    licence: str = "that of the network's author"

    @classmethod
    def of(cls, source: "ModelPackage | IntegerNetwork | Model") -> "Model":
        """Return `source` as a model; a bare network's id is its own digest."""
        if isinstance(source, Model):
            return source
        if isinstance(source, IntegerNetwork):
            return cls(source.name, source, source.digest)
        fields = (source.name, source.network, source.model_id, source.preprocess, source.score)
        return cls(*fields, source.card.licence)

    @property
    def embeds(self) -> bool:
        """Say whether it takes crops and gives embeddings that a score compares."""
        return self.preprocess is not None and self.score is not None

    @property
    def version(self) -> str:
        """The release of microface that makes the firmware."""
        return __version__
