"""`microface export`: a network as a file that other tools run, and by how much it differs there."""

from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer

from microface.cli.networks import find_network, network_in
from microface.cli.options import JsonFile, NetworkName, save_json
from microface.console import console
from microface.errors import UserError
from microface.files import write_bytes
from microface.models import ModelPackage, float_network
from microface.models.package import Score
from microface.network import IntegerNetwork
from microface.network.convert.compare import Difference, difference_between, notes_of
from microface.network.convert.tflite import import_bytes, tflite_bytes
from microface.photos.dataset import Dataset

_FORMATS = ("tflite", "onnx", "onnx-float", "mface")
_ROUNDING = {"tflite": "TFLite does", "onnx": "onnxruntime does"}
_SAMPLES = 64


def export_network(
    network: NetworkName,
    output: Annotated[Path, typer.Option(help="File to write.")],
    to: Annotated[str, typer.Option(help="tflite, onnx (integers in QDQ form), onnx-float, or mface.")] = "tflite",
    data: Annotated[Path | None, typer.Option(help="Data set whose crops to compare on; noise unless given.")] = None,
    score: Annotated[
        str | None, typer.Option(help="With --to mface: compare embeddings by l1, l2, l2norm or cosine instead.")
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help="With --to mface: boxes, for a detector that gives no landmarks.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Write a network for another tool; what that tool computes is compared with our integers.

    With `--to mface` a model for our own tools that compares by another score, or whose faces a detector's boxes
    place. Where no rates are known of it, `evaluate visits` measures them, or `enroll --threshold` does without.

    Example: `microface export default --to tflite --output default.tflite`
    """
    if to not in _FORMATS:
        raise UserError(f"--to {to}", "is not known", f"use {', '.join(_FORMATS)}")
    _require_change(to, score, crop)
    source = find_network(network)
    if to == "mface":
        save_json(json, _changed(source, score, crop, output))
        return
    ours = network_in(source)
    x = _inputs(ours, data)
    if to == "onnx-float":
        from microface.network.convert.onnx import with_notes

        written = with_notes(float_network(network).read_bytes(), _notes(source))
        said, found = _beside(ours, written, x)
    else:
        written, theirs = _written(source, output, x, to)
        found = difference_between(ours.run(x), theirs, (ours.output.zero_point,) * 2)
        said = _sentence(found, _ROUNDING[to])
    write_bytes(output, written)
    console.print(f"{output}: {len(written):,} bytes", highlight=False)
    console.print(said, highlight=False)
    save_json(json, {"file": str(output), "bytes": len(written), **vars(found)})


def _require_change(to: str, score: str | None, crop: str | None) -> None:
    """Refuse a score or a crop for another tool's file, and our own file without either."""
    changes = score is not None or crop is not None
    if to != "mface" and changes:
        raise UserError(f"--to {to}", "has no score and no crop", "give --to mface --score l1")
    if to == "mface" and not changes:
        raise UserError("--to mface", "goes with --score or --crop", "give --to mface --score l1")
    if crop not in (None, "boxes"):
        raise UserError(f"--crop {crop}", "is not known", "use boxes")


def _changed(
    source: ModelPackage | IntegerNetwork, score: str | None, crop: str | None, output: Path
) -> dict[str, str]:
    """Write the package that compares by `score` or crops by boxes, and say what it lacks."""
    if not isinstance(source, ModelPackage):
        raise UserError(source.name, "is a bare network without a score", "give a shipped model or a .mface package")
    if output.suffix != ".mface":
        raise UserError(output, "does not end in .mface", "name a FILE.mface")
    package = source.placed_by_boxes(output.stem) if crop else source
    package = package.compared_by(cast(Score, score), output.stem) if score else package
    package.save(output)
    how = [f"compared by {score}"] * bool(score) + ["faces placed by boxes"] * bool(crop)
    console.print(f"{output}: {source.name}, {', '.join(how)}; model id {package.model_id[:16]}", highlight=False)
    if package.statistics is None:
        lacks = "no rates are known of it: measure them (evaluate visits --output), or enroll --threshold N"
        console.print(lacks, style="yellow")
    return {"file": str(output), "model_id": package.model_id, "score": package.score}


def _written(source: ModelPackage | IntegerNetwork, output: Path, x: np.ndarray, to: str) -> tuple[bytes, np.ndarray]:
    """Return the file and what its tool computes for `x`; our import of a .tflite equals LiteRT's reference."""
    ours, notes = network_in(source), _notes(source)
    if to == "tflite":
        written = tflite_bytes(ours, notes)
        return written, import_bytes(written, output).network.run(x)
    from microface.network.convert.onnx import onnx_bytes
    from microface.network.convert.onnx.run import run_file

    written = onnx_bytes(ours, notes)
    return written, run_file(written, ours.input, ours.output, x)


def _beside(ours: IntegerNetwork, written: bytes, x: np.ndarray) -> tuple[str, Difference]:
    """Return how near our integers are to the float network, in units of our output's scale."""
    from microface.network.convert.onnx.run import run_file

    found = difference_between(
        ours.run(x), run_file(written, ours.input, ours.output, x), (ours.output.zero_point,) * 2
    )
    return f"float network: the integer network's cosine to it is {found.cosine:.4f} on {found.inputs} inputs", found


def _notes(source: ModelPackage | IntegerNetwork) -> dict[str, str]:
    if isinstance(source, IntegerNetwork):
        return notes_of(source)
    values = source.network.output.elements
    return notes_of(source.network) | {
        "preprocess": str(source.preprocess.to_json()), "embedding": f"{values} values, compared by {source.score}",
        "score": source.score, "licence": source.card.licence, "model_id": source.model_id,
    }  # fmt: skip


def _inputs(network: IntegerNetwork, data: Path | None) -> np.ndarray:
    """Return int8 inputs: the first crops of a data set, or noise."""
    shape = network.input.shape
    if data is None:
        return np.random.default_rng(0).integers(-128, 128, (_SAMPLES, *shape)).astype(network.input.numpy_dtype)
    from microface.chip.devices.embed import centre
    from microface.network.inputs.mapping import map_bytes

    crops = np.concatenate([shard.crops[:_SAMPLES] for shard in Dataset.open(data).shards[:1]])
    return map_bytes(np.ascontiguousarray(centre(crops, (shape[0], shape[1]))))


def _sentence(found: Difference, rounding: str) -> str:
    if found.equal:
        return f"equal to our own integers in every output of {found.inputs} inputs"
    return (
        f"rounded as {rounding}: {100 * found.share:.1f} % of the outputs of {found.inputs} inputs differ, by "
        f"{found.mean:.2f} on average and {found.largest} at most; cosine {found.cosine:.4f}"
    )
