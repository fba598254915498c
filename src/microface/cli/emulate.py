"""`microface emulate`: firmware on the emulated chip, with exact counts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from microface.chip.devices.bench import require_emulator
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.model import Model
from microface.cli.accelerator import run_accelerator
from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.errors import UserError
from microface.files import read_bytes
from microface.network import Tensor


def emulate(
    folder: Annotated[Path, typer.Argument(help="The folder that `microface build` wrote.")],
    input: Annotated[
        list[str],
        typer.Option(
            help="A photo, a uint8 crop .npy or a network input .npy; several inputs one by one, or NAME=FILE.",
            metavar="FILE",
        ),
    ],
    layers: Annotated[bool, typer.Option(help="Count each layer, too; on an accelerator by its closed form.")] = False,
    json: JsonFile = None,
) -> None:
    """Run one input on the emulated chip (several where the network has them); print what came out and was counted.

    Example: `microface emulate firmware --input face.jpg --json run.json`
    """
    require_emulator()
    firmware = Firmware.load(folder)
    values = read_inputs(Model.of(firmware.source), input)
    if firmware.facts.get("accelerator"):
        save_json(json, run_accelerator(firmware, next(iter(values.values()))[0], layers))
        return
    device = EmulatedDevice(firmware)
    result = _run(device, values)
    if layers:
        result["layers"] = [vars(layer) for layer in device.layers(values)]
    _show(device, result)
    save_json(json, result)


def _run(device: EmulatedDevice, values: Mapping[str, np.ndarray]) -> dict[str, Any]:
    outputs = {name: output.ravel().tolist() for name, output in device.run_of(values).items()}
    assert device.last is not None
    return {
        "network": device.model.name,
        "model_id": device.model.model_id,
        "target": device.target.name,
        **({"outputs": outputs} if len(outputs) > 1 else {"output": next(iter(outputs.values()))}),
        "instructions": device.last.instructions,
        "stack_bytes": device.last.stack_bytes,
        "arena_bytes": device.arena_bytes,
        "flash_bytes": device.firmware.flash_bytes,
        "estimated_milliseconds": list(device.milliseconds()),
        "functions": device.last.counts.functions,
    }


def _show(device: EmulatedDevice, result: dict[str, Any]) -> None:
    for layer in result.get("layers", ()):
        console.print(f"{layer['instructions']:>12,}  {layer['name']} ({layer['function']})", highlight=False)
    functions = sorted(result["functions"].items(), key=lambda item: -item[1])
    rows = [(name, f"{count:,}", f"{100 * count / result['instructions']:.1f} %") for name, count in functions[:12]]
    console.print(table(f"{result['network']} on the {device.name}", ("function", "instructions", "share"), rows))
    low, high = result["estimated_milliseconds"]
    console.print(
        f"{result['instructions']:,} instructions (counted), {low:.3g} to {high:.3g} ms (estimate); "
        f"arena {result['arena_bytes']:,} B, stack {result['stack_bytes']:,} B",
        highlight=False,
    )
    outputs = result["outputs"] if "outputs" in result else {"": result["output"]}
    for name, values in outputs.items():
        console.print(f"output{name and ' '}{name}: {values}", highlight=False, soft_wrap=True)


def read_inputs(model: Model, given: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the integers [1, H, W, C] of every input of the network, from a file each, as `NAME=FILE` or in order."""
    names = model.network.inputs
    named = dict(_split(text, names) for text in given)
    if None in named and len(named) == 1:
        named = dict(zip(names, given, strict=False))
    if len(given) != len(names) or set(named) != set(names):
        wanted = " ".join(f"--input {name}=FILE" for name in names) if len(names) > 1 else "--input FILE"
        raise UserError(f"network {model.name}", f"has {len(names)} inputs, {len(given)} are given", f"give {wanted}")
    return {name: read_input(model, Path(named[name]), model.network.tensors[name])[None] for name in names}


def _split(text: str, names: Sequence[str]) -> tuple[str | None, str]:
    """Return the input that `text` names, None where it is a plain file, and the file."""
    found = [name for name in names if text.startswith(f"{name}=")]
    return (found[0], text[len(found[0]) + 1 :]) if found else (None, text)


def read_input(model: Model, path: Path, source: Tensor) -> np.ndarray:
    """Return the integers [H, W, C] of the input `source` from an `.npy` file or a photo with one face."""
    if path.suffix.lower() != ".npy":
        return model.prepare(_crop_of(model, path)[None])[0]
    values = _read_npy(path)
    values = _without_batch(_as_planes_of(source, values))
    own = np.dtype(source.numpy_dtype)
    if values.shape != source.shape or values.dtype not in (own, np.dtype(np.uint8)):
        wanted = f"{own} or uint8 {list(source.shape)}"
        raise UserError(path, f"is {values.dtype} {list(values.shape)}", f"give {wanted}")
    return model.prepare(values[None])[0] if values.dtype == np.uint8 else values


def _without_batch(values: np.ndarray) -> np.ndarray:
    return values[0] if values.ndim == 4 and len(values) == 1 else values


def _as_planes_of(source: Tensor, values: np.ndarray) -> np.ndarray:
    """Return the sample of the vendor's tool, int64 planes C, H, W (or C, L) of bytes, as the input [H, W, C]."""
    rows, columns, channels = source.shape
    planes = values[:, :, None] if values.ndim == 2 and columns == 1 else values
    if values.dtype.kind != "i" or values.dtype.itemsize != 8 or planes.shape != (channels, rows, columns):
        return values
    if planes.min() < -128 or planes.max() > 127:
        return values
    return np.ascontiguousarray(planes.transpose(1, 2, 0).astype(source.numpy_dtype))


def _read_npy(path: Path) -> np.ndarray:
    from io import BytesIO

    try:
        return np.load(BytesIO(read_bytes(path)), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(path, "is no .npy file", "write it with numpy.save") from error


def _crop_of(model: Model, path: Path) -> np.ndarray:
    from microface.people.enrol import usable_crops
    from microface.people.faces import photo_looker

    if model.preprocess is None:
        raise UserError(model.name, "is a bare network without a crop", "give an s8 .npy, or build a .mface package")
    look = photo_looker(model.preprocess, gate=False)(path)
    if not look.usable:
        raise UserError(path, f"shows no face to use ({', '.join(look.reasons)})", "give a photo of one face")
    return usable_crops([look])[0]
