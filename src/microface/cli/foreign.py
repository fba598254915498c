"""Other people's network with the crop that it reads and the score that its embeddings are compared by."""

from pathlib import Path

from microface.errors import UserError
from microface.models.card import ModelCard
from microface.models.package import ModelPackage, Score
from microface.network import IntegerNetwork
from microface.network.convert import FOREIGN, read_foreign
from microface.network.tensors import Shape
from microface.photos.align import TEMPLATE_EYE_DISTANCE, TEMPLATE_SIZE
from microface.photos.preprocess import LOOSE_EYE_DISTANCE, Preprocess

AUTHORS = "that of the network's author"
_UNKNOWN = "not known: the network was imported"


def is_foreign(name: str) -> bool:
    """Say whether `name` is a file of another tool."""
    return Path(name).suffix.lower() in FOREIGN


def foreign_package(file: Path, preprocess: str, score: Score = "cosine") -> ModelPackage:
    """Return the package of a quantised network in `file`, which reads the crop that `preprocess` says."""
    return package_of(read_foreign(file), file.name, file, preprocess, score)


def package_of(
    network: IntegerNetwork, name: str, file: Path, preprocess: str, score: Score, licence: str = AUTHORS
) -> ModelPackage:
    """Return `network`, read from `file`, as the package `name`; one that no package can hold is a `UserError`."""
    _require_bytes(network)
    crop = crop_of(preprocess, network.name, network.input.shape)
    return ModelPackage(name, network, crop, score, _card(file, licence))


def crop_of(text: str, name: str, shape: Shape) -> Preprocess:
    """Return the crop that `text` (a geometry with options) means for an input of `shape` of the network `name`."""
    geometry, *options = text.split(":")
    height, width, channels = shape
    if channels != 3:
        raise UserError(name, f"reads {channels} channels", "crops have 3; write a bare .mfn network instead")
    eyes = TEMPLATE_EYE_DISTANCE * width / TEMPLATE_SIZE if geometry == "aligned" else LOOSE_EYE_DISTANCE * width / 120
    values = {"geometry": geometry, "width": width, "height": height, "eye_distance": eyes, "margin": 0}
    return Preprocess.from_json(values | dict(_option(option) for option in options))


def _option(text: str) -> tuple[str, str | float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value) if name == "eye_distance" else value
    except ValueError as error:
        raise UserError(f"--preprocess {text}", "is no number", "write for example aligned:eye_distance=35") from error


def _require_bytes(network: IntegerNetwork) -> None:
    """Refuse a package of a network that does not make bytes of crops of bytes."""
    if not network.has_one_of_each:
        what = f"has {len(network.inputs)} inputs and {len(network.outputs)} outputs"
        mend = "a package takes one crop and gives one embedding; write a bare .mfn network instead"
        raise UserError(network.name, what, mend)
    ends = network.input.dtype, network.output.dtype
    if ends != ("s8", "s8"):
        what = f"takes {ends[0]} and gives {ends[1]}"
        raise UserError(network.name, what, "a package takes and gives s8; write a bare .mfn network instead")


def _card(file: Path, licence: str) -> ModelCard:
    summary = f"Imported from {file.name}."
    return ModelCard(summary, _UNKNOWN, _UNKNOWN, licence, "Nothing was measured yet.")
