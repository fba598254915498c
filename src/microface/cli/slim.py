"""`microface slim`: a narrow network cut out of a teacher, for training to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from microface.cli.guard import guarded
from microface.cli.train import options_of, prepare
from microface.console import console


def slim(
    teacher: Annotated[Path, typer.Argument(help="The teacher's ONNX file, a MobileFaceNet.")],
    data: Annotated[Path, typer.Option(help="Data set of aligned faces of 112 x 112.")],
    output: Annotated[Path, typer.Option(help="Checkpoint to write, for train --init.")],
    schedule: Annotated[
        str, typer.Option(help="Schedule whose network is cut: TOML file or name of a shipped one.")
    ] = "",
    option: Annotated[list[str] | None, typer.Option(help="Option of slimface, as name=value; repeatable.")] = None,
    photos: Annotated[int, typer.Option(help="Faces that the layers are fitted by.", min=8)] = 200,
    embedding_photos: Annotated[int, typer.Option(help="Faces that the embedding is fitted by.", min=8)] = 6000,
) -> None:
    """Cut a narrow `slimface` out of a trained MobileFaceNet, as the beginning of its training.

    Example: microface slim teacher.onnx --schedule flagship --data build/faces112 --output runs/slim.pt, then
    microface train --schedule flagship --init runs/slim.pt --data build/faces112 --output runs/flagship
    """
    prepare("microface slim")
    from microface.learn.slim import Slim
    from microface.learn.slim import slim as make
    from microface.learn.train.schedule_file import read_schedule

    planned = read_schedule(schedule).get("options", {}) if schedule else {}
    options = planned | options_of(option or [])
    figures = make(data, output, Slim(teacher, options, photos, embedding_photos))
    console.print(f"{output}: by {figures['photos']:,} photos, cosine to the teacher {figures['cosine']:.3f}")


if __name__ == "__main__":
    guarded(lambda: typer.run(slim))
