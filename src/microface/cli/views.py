"""`microface views`: augmented views of a data set with the teacher's embeddings of them, made once."""

from pathlib import Path
from typing import Annotated

import typer

from microface.cli.guard import guarded
from microface.cli.train import prepare
from microface.console import console


def views(
    data: Annotated[Path, typer.Argument(help="Data set of aligned crops.")],
    teacher: Annotated[Path, typer.Option(help="The teacher's ONNX file.")],
    output: Annotated[Path, typer.Option(help="Folder of the new data set, which holds the old one too.")],
    copies: Annotated[int, typer.Option(help="Views of each training crop.", min=1)] = 1,
    schedule: Annotated[str, typer.Option(help="Schedule whose augmentation is used.")] = "default",
    device: Annotated[str, typer.Option(help="Where the teacher computes: auto, cpu or cuda.")] = "auto",
) -> None:
    """Store augmented views with the teacher's embeddings, for training on a processor.

    Example: microface views build/faces --teacher teacher.onnx --copies 2 --output build/faces-views
    """
    prepare("microface views")
    from dataclasses import replace

    from microface.learn.store_views import StoredViews, store_views
    from microface.learn.train.place import where
    from microface.learn.train.schedule_file import config_of

    augmentation = config_of(schedule, {"data": str(data), "teacher": str(teacher)}).augmentation
    options = StoredViews(copies, teacher, replace(augmentation, mixup=0.0))
    manifest = store_views(data, output, options, where(device))
    console.print(f"{output}: {manifest.rows:,} crops, {manifest.splits}")


if __name__ == "__main__":
    guarded(lambda: typer.run(views))
