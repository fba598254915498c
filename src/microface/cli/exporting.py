"""`microface export`: a network as a file that other tools run, and by how much it differs there."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from microface.cli.networks import find_network, network_in
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console
from microface.errors import UserError
from microface.files import write_bytes
from microface.models import ModelPackage
from microface.network import IntegerNetwork
from microface.network.convert.compare import Difference, difference, notes_of
from microface.network.convert.tflite import import_bytes, tflite_bytes
from microface.photos.dataset import Dataset

_FORMATS = ("tflite",)
_SAMPLES = 64


def export_network(
    network: NetworkName,
    output: Annotated[Path, typer.Option(help="File to write.")],
    to: Annotated[str, typer.Option(help="tflite.")] = "tflite",
    data: Annotated[Path | None, typer.Option(help="Data set whose crops to compare on; noise unless given.")] = None,
    json: JsonFile = None,
) -> None:
    """Write an int8 network for another tool; what that tool computes is compared with ours.

    Example: `microface export default --to tflite --output default.tflite`
    """
    if to not in _FORMATS:
        raise UserError(f"--to {to}", "is not known", f"use {' or '.join(_FORMATS)}")
    source = find_network(network)
    ours = network_in(source)
    written = tflite_bytes(ours, _notes(source))
    theirs = import_bytes(written, output).network
    found = difference(ours, theirs, _inputs(ours, data))
    write_bytes(output, written)
    console.print(f"{output}: {len(written):,} bytes, {len(theirs.operators)} operators", highlight=False)
    console.print(_sentence(found), highlight=False)
    save_json(json, {"file": str(output), "bytes": len(written), **vars(found)})


def _notes(source: ModelPackage | IntegerNetwork) -> dict[str, str]:
    if isinstance(source, IntegerNetwork):
        return notes_of(source)
    more = {"preprocess": str(source.preprocess.to_json()), "score": source.score, "licence": source.card.licence}
    return notes_of(source.network) | more | {"model_id": source.model_id}


def _inputs(network: IntegerNetwork, data: Path | None) -> np.ndarray:
    """Return int8 inputs: the first crops of a data set, or noise."""
    shape = network.input.shape
    if data is None:
        return np.random.default_rng(0).integers(-128, 128, (_SAMPLES, *shape)).astype(network.input.numpy_dtype)
    from microface.chip.devices.embed import centre
    from microface.network.inputs.mapping import map_bytes

    crops = np.concatenate([shard.crops[:_SAMPLES] for shard in Dataset.open(data).shards[:1]])
    return map_bytes(np.ascontiguousarray(centre(crops, (shape[0], shape[1]))))


def _sentence(found: Difference) -> str:
    if found.equal:
        return f"equal to our own integers in every output of {found.inputs} inputs"
    return (
        f"rounded as TFLite does: {100 * found.share:.1f} % of the outputs of {found.inputs} inputs differ, by "
        f"{found.mean:.2f} on average and {found.largest} at most; cosine {found.cosine:.4f}"
    )
