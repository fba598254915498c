"""What firmware knows of its model beside the network: names, id, crop and score."""

from dataclasses import dataclass, replace

import numpy as np

from microface import __version__
from microface.errors import UserError
from microface.models import ModelPackage
from microface.network import IntegerNetwork, digest
from microface.network.inputs.light import correct_light
from microface.network.inputs.mapping import map_bytes
from microface.network.passes import on_processor
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
            return cls(source.name, source, digest(source))
        fields = (source.name, source.network, source.model_id, source.preprocess, source.score)
        return cls(*fields, source.card.licence)

    @property
    def on_processor(self) -> "Model":
        """The same model, same id, with operators that a processor runs: layers of an accelerator become them."""
        return replace(self, network=on_processor.apply(self.network)) if on_processor.match(self.network) else self

    @property
    def embeds(self) -> bool:
        """Say whether it takes crops and gives embeddings that a score compares."""
        return self.preprocess is not None and self.score is not None

    def prepare(self, crops: np.ndarray) -> np.ndarray:
        """Return the input integers s8 [N, H, W, 3] of uint8 crops, as the firmware's `mf_prepare` does."""
        if not self.embeds:
            raise UserError(self.name, "is a bare network without a crop", "give s8 inputs or a .mface package")
        if crops.dtype != np.uint8 or crops.shape[1:] != self.network.input.shape:
            wanted = f"uint8 [N, {', '.join(map(str, self.network.input.shape))}]"
            raise UserError("crops", f"are {crops.dtype} {list(crops.shape)}, {self.name} takes {wanted}", "crop again")
        if self.preprocess is not None and self.preprocess.light == "spread":
            crops = np.stack([correct_light(crop) for crop in crops]) if len(crops) else crops
        return map_bytes(np.ascontiguousarray(crops))

    @property
    def version(self) -> str:
        """The release of microface that makes the firmware."""
        return __version__
