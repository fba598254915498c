"""`microface import`: other people's network as one of ours."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np
import typer

from microface.chip.targets import Target
from microface.cli.calibrating import calibrated_network, float_input, is_float_onnx
from microface.cli.foreign import AUTHORS, crop_of, package_of
from microface.cli.options import JsonFile, save_json
from microface.console import console
from microface.errors import UserError
from microface.evaluate.engines import open_engine
from microface.evaluate.visits import measure_dataset
from microface.models.package import Score
from microface.network import IntegerNetwork, digest, save_network
from microface.network.convert import ai8x, read_foreign
from microface.photos.dataset import Dataset

if TYPE_CHECKING:
    from microface.network.convert.onnx.run import TensorDifference

CHECKPOINT = ".pth.tar"
_SAMPLES = 16


def import_network(
    file: Annotated[
        Path,
        typer.Argument(
            help="A quantised .tflite or .onnx file, a float .onnx file, or a MAX78000 .pth.tar checkpoint."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Package (.mface) or bare network (.mfn) to write.")],
    preprocess: Annotated[
        str, typer.Option(help="Crop of photos: aligned or loose, then :light=spread, :eye_distance=35 as needed.")
    ] = "aligned",
    score: Annotated[str, typer.Option(help="How embeddings are compared: l1, l2, l2norm or cosine.")] = "cosine",
    statistics: Annotated[
        Path | None, typer.Option(help="Data set with held-out people: thresholds then follow from a rate.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the network's weights.")] = AUTHORS,
    yaml: Annotated[Path | None, typer.Option(help="Network description beside a MAX78000 checkpoint.")] = None,
    sample: Annotated[Path | None, typer.Option(help="Sample .npy of that checkpoint: it says the input size.")] = None,
    avg_pool_rounding: Annotated[
        bool, typer.Option("--avg-pool-rounding", help="That checkpoint's averages round, as trained with this option.")
    ] = False,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photos of faces: a float .onnx file is quantised on them.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="max78000: a float .onnx file becomes layers of its accelerator.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Read a network of another tool into a package for every other verb.

    Example: `microface import face.tflite --output face.mface --statistics build/faces`
    """
    chip = Target.load(target) if target is not None else None
    vendor = _Vendor(yaml, sample, avg_pool_rounding)
    network, quantised = _network(file, vendor, photos, preprocess, chip)
    single_onnx = file.suffix.lower() == ".onnx" and quantised and len(network.inputs) == 1
    beside = _measured(file) if single_onnx else None
    if output.suffix == ".mfn":
        save_network(network, output)
    else:
        dataset = Dataset.open(statistics) if statistics is not None else None
        package = package_of(network, output.stem, file, preprocess, cast(Score, score), licence)
        if dataset is not None:
            dataset.require_crop(package.preprocess, ", or name theirs with --preprocess")
        package.save(output)
        if dataset is not None:
            measured = measure_dataset(dataset, open_engine("integer", str(output)))
            replace(package, statistics=measured).save(output)
    _show(network, output, statistics is not None)
    if beside is not None:
        _show_measured(beside)
    save_json(json, _facts(network, output) | ({"onnxruntime": vars(beside)} if beside is not None else {}))


def _network(
    file: Path, vendor: "_Vendor", photos: Path | None, preprocess: str, chip: Target | None
) -> tuple[IntegerNetwork, bool]:
    """Return the network in `file`, and whether it was quantised there."""
    if file.name.endswith(CHECKPOINT):
        return read_checkpoint_pair(file, vendor), True
    if vendor != _Vendor():
        raise UserError(file, "is no MAX78000 checkpoint", "take --yaml, --sample and --avg-pool-rounding away")
    if not is_float_onnx(file):
        if chip is not None and chip.accelerator:
            reason = f"is quantised already, and not by the powers of two of {chip.name}'s accelerator"
            raise UserError(file, reason, "give the float .onnx file and --photos")
        return read_foreign(file), True
    crop = crop_of(preprocess, file.stem, float_input(file))
    return calibrated_network(file, photos, crop, chip), False


def _measured(file: Path) -> "TensorDifference":
    """Return by how much our integers differ from onnxruntime's, whose requantisation is in floating point."""
    from microface.network.convert.onnx import import_onnx
    from microface.network.convert.onnx.run import compare

    imported = import_onnx(file)
    shape = imported.network.input.shape
    x = np.random.default_rng(0).integers(-128, 128, (_SAMPLES, *shape)).astype(np.int8)
    return compare(imported, file.read_bytes(), x)


def _show_measured(found: "TensorDifference") -> None:
    console.print(
        f"beside onnxruntime: {found.tensors} tensors of {_SAMPLES} inputs of noise, {found.integers:,} integers; "
        f"each operator by itself differs in {found.single:,}, by {found.single_largest} at most; "
        f"from the input on {found.whole:,}, by {found.whole_largest} at most",
        highlight=False,
    )


@dataclass(frozen=True)
class _Vendor:
    """What belongs to a MAX78000 checkpoint: its YAML, a sample of its input, and how its averages round."""

    yaml: Path | None = None
    sample: Path | None = None
    pool_rounding: bool = False


def read_checkpoint_pair(file: Path, vendor: _Vendor) -> IntegerNetwork:
    """Return the network of a MAX78000 checkpoint; its YAML and a sample input belong to it."""
    if vendor.yaml is None or vendor.sample is None:
        raise UserError(file, "needs its YAML and a sample input", "add --yaml FILE.yaml --sample FILE.npy")
    return ai8x.read(file, vendor.yaml, ai8x.sample_shape(vendor.sample), vendor.pool_rounding)


def _show(network: IntegerNetwork, output: Path, measured: bool) -> None:
    sides = (network.inputs, network.outputs)
    ends = (", ".join(f"{network.tensors[n].dtype} {network.tensors[n].shape}" for n in names) for names in sides)
    console.print(
        f"{output}: {len(network.operators)} operators, {network.macs:,} multiply-accumulates, {' -> '.join(ends)}",
        highlight=False,
    )
    if output.suffix == ".mface" and not measured:
        console.print("no statistics on held-out people: `microface enroll` asks for --threshold", highlight=False)


def _facts(network: IntegerNetwork, output: Path) -> dict[str, object]:
    facts = {"file": str(output), "operators": len(network.operators), "tensors": len(network.tensors)}
    return facts | {"macs": network.macs, "constant_bytes": network.constant_bytes, "digest": digest(network)}
