"""`microface quantize`: a trained run becomes an integer network in a model package."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microface.chip.targets import Target
from microface.cli.train import prepare
from microface.console import console, table
from microface.evaluate.plots import save_roc
from microface.files import write_json

if TYPE_CHECKING:
    from microface.learn.quant.judge import Stage
    from microface.learn.quantise import Quantised


def quantize(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run that `microface train` made.")],
    output: Annotated[Path, typer.Option(help="Model package to write (.mface); NAME.float.onnx goes beside it.")],
    method: Annotated[str, typer.Option(help="ptq: calibrate only; qat: train with rounding; best of both.")] = "best",
    calibration: Annotated[str, typer.Option(help="minmax, percentile or mse.")] = "mse",
    photos: Annotated[int, typer.Option(help="Training photos to calibrate with.")] = 512,
    size: Annotated[int, typer.Option(help="Values of the whitened embedding; 0: the embedding as trained.")] = 256,
    bits: Annotated[list[str] | None, typer.Option(help="8, 4 (max78000: 2, 1), LAYER=4, or auto.")] = None,
    budget: Annotated[str, typer.Option(help="With --bits auto: share of the 8-bit network's flash, as 65%.")] = "",
    target: Annotated[
        str, typer.Option(help="max78000: for its accelerator; else the chip of --budget.")
    ] = "stm32h743zi",
    steps: Annotated[int, typer.Option(help="Steps of quantisation-aware training; 0: 9 % of the run's.")] = 0,
    rate_share: Annotated[float, typer.Option(help="Its highest rate, as a share of the run's.")] = 0.05,
    later_first: Annotated[bool, typer.Option(help="Round the last layers first, the others one by one.")] = False,
    equalise: Annotated[bool, typer.Option(help="Make channels reach alike before rounding.")] = True,
    rounding: Annotated[str, typer.Option(help="once: ours; tflite: the bits of LiteRT's reference kernels.")] = "once",
    score: Annotated[str, typer.Option(help="How embeddings are compared: l1, l2, l2norm or cosine.")] = "cosine",
    mend: Annotated[bool, typer.Option(help="Correct biases by the mean error of rounding.")] = True,
    scale: Annotated[float, typer.Option(help="Stretch of 8-bit weights, as vendors' tools have; 1.05 cuts few.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda, for quantisation-aware training.")] = "auto",
    resume: Annotated[bool, typer.Option(help="Go on with quantisation-aware training that was cut off.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Rank layers by cost: FILE.png, FILE.json and FILE-roc.png.")
    ] = None,
    data: Annotated[str, typer.Option(help="Folder of the run's data set, where it was moved.")] = "",
    name: Annotated[str, typer.Option(help="Name of the model; the file's name unless given.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Quantise a trained run to 8 bits (weights to 4 where told) and pack it, with statistics of held-out people.

    What is not told is as the run's schedule has it in [quantisation], or as shown here.

    Example: microface quantize build/run --method qat --bits auto --budget 65% --output build/mine.mface
    """
    prepare()
    from microface.learn.card import card_of
    from microface.learn.quant.options import options_from
    from microface.learn.quantise import quantise
    from microface.learn.quantise_max78000 import quantise_for_accelerator

    values = {
        "method": method, "calibration": calibration, "photos": photos, "size": size, "bits": tuple(bits or ()),
        "budget": budget, "target": target, "steps": steps, "rate_share": rate_share, "later_first": later_first,
        "equalise": equalise, "rounding": rounding, "mend": mend, "scale": scale, "device": device, "resume": resume,
        "score": score, "data": data, "report": report is not None,
    }  # fmt: skip
    told = {name: value for name, value in values.items() if _told(context, name)}
    options = options_from(run, told | {"report": report is not None})
    way = quantise_for_accelerator if Target.load(options.target).accelerator else quantise
    result = way(run, output, name or output.stem, card_of(run, options.data), options)
    _show(result, output)
    if report is not None:
        _report(result, report)
    if json is not None:
        write_json(json, result.to_json())


def _told(context: typer.Context, name: str) -> bool:
    """Say whether the command line gives the option; the others are as the run's schedule has them."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _show(result: "Quantised", output: Path) -> None:
    rates = list(result.after.tar)
    columns = ("step", *(f"TAR at FAR {rate}" for rate in rates), "cosine to float", "bytes of constants")
    console.print(table(f"{output}, on held-out people", columns, [_row(stage, rates) for stage in result.stages]))
    network, after = result.package.network, result.after
    pairs = f"{after.genuine:,} genuine and {after.impostor:,} impostor pairs of held-out people"
    if result.package.statistics is None:
        console.print("no statistics, which need 20 held-out people with names: enroll with --threshold N")
    console.print(f"{pairs}; {network.macs:,} multiply-accumulates, {network.constant_bytes:,} bytes of constants")
    for bits in sorted({*result.bits.values()} - {8}):
        layers = [name for name, own in result.bits.items() if own == bits]
        console.print(f"weights of {bits} bits in {len(layers)} of {len(result.bits)} layers: {', '.join(layers)}")
    console.print(f"model id {result.package.model_id[:16]}, simulation equal to the integer network on every value")


def _row(stage: "Stage", rates: Sequence[str]) -> tuple[str, ...]:
    size = f"{stage.bytes:,}" if stage.bytes else ""
    near = f"{stage.check.cosine:.4f}" if stage.check.cosine is not None else "-"
    return (stage.name, *(f"{stage.check.tar[rate]:.4f}" for rate in rates), near, size)


def _report(result: "Quantised", path: Path) -> None:
    """Print the layers by cost; write picture, JSON and the ROC of all steps."""
    from microface.learn.quant.report import draw

    stem = path.with_suffix("")
    rows = [
        (c.name, c.kind, f"{c.weights:,}", c.bits or "", f"{c.alone:.5f}", f"{c.without:+.5f}", _or_dash(c.four_bits))
        for c in result.costs
    ]
    columns = ("layer", "kind", "weights", "bits", "rounded alone", "won if not", "weights at 4 bits")
    console.print(table("what rounding costs: 1 - cosine to the float network, held-out people", columns, rows))
    draw(result.costs, stem.with_suffix(".png"))
    write_json(stem.with_suffix(".json"), result.to_json())
    if min(result.after.genuine, result.after.impostor) == 0:
        console.print("no ROC, which needs several held-out people with names and several photos each")
        return
    curves = [(stage.name, stage.curve(result.held_out)) for stage in result.stages]
    save_roc(stem.with_name(f"{stem.name}-roc.png"), curves, "held-out people", result.after.impostor)


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:+.5f}"
