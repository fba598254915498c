"""From a TFLite file to an integer network: every operator by the converter that is registered for its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from microface.network.convert.constants import with_folded_constants
from microface.network.convert.tflite import borders, operators
from microface.network.convert.tflite.convert import Conversion, converts
from microface.network.convert.tflite.fold import fold
from microface.network.convert.tflite.lookups import with_lookups
from microface.network.convert.tflite.model import TfModel, parse_model, read_model
from microface.network.convert.tflite.unsigned import with_signed_bytes
from microface.network.network import IntegerNetwork

operators.load()


@dataclass(frozen=True)
class Imported:
    """A network with the name that each of the file's tensors has in it (by the file's numbers)."""

    network: IntegerNetwork
    names: Mapping[int, str]


def import_tflite(path: Path) -> Imported:
    """Return the integer network in the TFLite file at `path`."""
    return convert(read_model(path))


def import_bytes(data: bytes, path: Path) -> Imported:
    """Return the integer network in the TFLite file whose bytes are `data`; `path` names it."""
    return convert(parse_model(data, path))


def convert(model: TfModel) -> Imported:
    """Return the integer network of `model`; what is not supported is named with its place."""
    model = with_lookups(with_signed_bytes(model))
    conversion = Conversion(model)
    borders.begin(conversion)
    for op in model.operators:
        converts.read(op.name, conversion, op, model.path)
    network = fold(with_folded_constants(borders.end(conversion)))
    names = {number: name for number, name in conversion.names.items() if name in network.tensors}
    return Imported(network, names)
