"""`microface quantize`: a trained run becomes an integer network in a model package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from microface.cli.train import prepare
from microface.console import console, table
from microface.errors import UserError
from microface.files import write_json

if TYPE_CHECKING:
    from microface.learn.quantise import Method, Quantised


def quantize(
    run: Annotated[Path, typer.Argument(help="Folder of a run that `microface train` made.")],
    output: Annotated[Path, typer.Option(help="Model package to write (.mface); NAME.float.onnx goes beside it.")],
    method: Annotated[str, typer.Option(help="ptq: calibrate only; qat: train with rounding, too.")] = "qat",
    calibration: Annotated[str, typer.Option(help="minmax, percentile or mse.")] = "mse",
    size: Annotated[int, typer.Option(help="Values of the whitened embedding; 0: the embedding as trained.")] = 256,
    steps: Annotated[int, typer.Option(help="Steps of quantisation-aware training.")] = 600,
    name: Annotated[str, typer.Option(help="Name of the model; the file's name unless given.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Quantise a trained run to 8 bits and pack it, with its statistics on held-out people.

    Example: microface quantize build/run --method qat --output build/mine.mface
    """
    if method not in ("ptq", "qat"):
        raise UserError(f"--method {method}", "is not known", "use ptq or qat")
    prepare()
    from microface.learn.card import card_of
    from microface.learn.quantise import QuantiseOptions, quantise

    options = QuantiseOptions(cast("Method", method), calibration, steps=steps, size=size)
    result = quantise(run, output, name or output.stem, card_of(run), options)
    _show(result, output)
    if json is not None:
        write_json(json, result.to_json())


def _show(result: "Quantised", output: Path) -> None:
    network = result.package.network
    before, after = result.before, result.after
    rows = [(f"held-out TAR at FAR {rate}", f"{before.tar[rate]:.4f}", f"{after.tar[rate]:.4f}") for rate in after.tar]
    rows.append(("mean cosine to the float network", f"{before.cosine:.4f}", f"{after.cosine:.4f}"))
    console.print(table(f"{output}", ("figure", "float", "integer"), rows))
    pairs = f"{after.genuine:,} genuine and {after.impostor:,} impostor pairs of held-out people"
    console.print(f"{pairs}; {network.macs:,} multiply-accumulates, {network.constant_bytes:,} bytes of constants")
    console.print(f"model id {result.package.model_id[:16]}, simulation equal to the integer network on every value")
