"""What `microface import --photos` does: a float ONNX file is quantised on photos of faces."""

from pathlib import Path

import numpy as np

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.console import console
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.inputs.light import correct_light
from microface.photos.preprocess import Preprocess

_PHOTOS = 256
_FEWEST = 8


def is_float_onnx(file: Path) -> bool:
    """Say whether `file` is an ONNX file that computes in floating point."""
    if file.suffix.lower() != ".onnx":
        return False
    from microface.network.convert.onnx.model import is_float, read_model

    return is_float(read_model(file))


def float_input(file: Path) -> tuple[int, int, int]:
    """Return rows, columns and channels of the only input of the float network in `file`."""
    from microface.network.convert.onnx.model import read_model

    inputs = read_model(file).inputs
    if len(inputs) != 1 or len(inputs[0].dims) != 3:
        raise UserError(file, "has not one input of channels, rows and columns", "export it so")
    channels, rows, columns = inputs[0].dims
    return rows, columns, channels


def calibrated_network(
    file: Path, photos: Path | None, crop: Preprocess, target: Target | None = None
) -> IntegerNetwork:
    """Return the network in `file`, quantised on the faces in `photos`; say how near it is to the float one.

    For a `target` with an accelerator it has that accelerator's layers, and is placed there.
    """
    if photos is None:
        raise UserError(file, "computes in floating point", "add --photos FOLDER of faces, or quantise it")
    from microface.learn.import_float import calibrated

    crops = faces_in(photos, crop)
    accelerated = target is not None and bool(target.accelerator)
    found = calibrated(file, crops, accelerated)
    if target is not None and accelerated:
        plan_accelerator(found.network, target)
    console.print(f"calibrated on {len(crops)} faces: cosine {found.cosine:.4f} to the float network", highlight=False)
    return found.network


def faces_in(folder: Path, crop: Preprocess) -> np.ndarray:
    """Return crops uint8 [N, H, W, 3] of the faces in the photos of `folder` and its folders, at most 256 of them."""
    from microface.people.faces import photo_looker

    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    rows = np.unique(np.linspace(0, max(0, len(files) - 1), min(len(files), _PHOTOS)).round().astype(int))
    look = photo_looker(crop, gate=False)
    seen = [look(files[row]).crop for row in rows]
    crops = [each for each in seen if each is not None]
    if len(crops) < _FEWEST:
        raise UserError(folder, f"holds {len(crops)} photos with a face", f"give {_FEWEST} or more, better 200")
    return np.stack([correct_light(each) for each in crops] if crop.light == "spread" else crops)
