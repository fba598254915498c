"""`microface recrop`: the faces of a data set cropped in another way, on this machine or on one with a GPU."""

import os
from pathlib import Path
from typing import Annotated

import typer

from microface.cli.guard import guarded
from microface.cli.prepare import LightName, most_enlarged, show_counts, stored_crop
from microface.cli.train import prepare
from microface.errors import UserError


def recrop(
    faces: Annotated[Path, typer.Argument(help="Data set; its manifest.json and rows-*.jsonl suffice.")],
    photos: Annotated[list[Path], typer.Argument(help="The collections of photos that it was made of.")],
    output: Annotated[Path, typer.Option(help="Folder of the new data set.")],
    teacher: Annotated[
        Path | None, typer.Option(help="The teacher's ONNX file; none: embeddings that are there stay.")
    ] = None,
    crop: Annotated[
        str, typer.Option(help="aligned; boxes: the same size, placed by the box alone; or loose.")
    ] = "aligned",
    size: Annotated[int, typer.Option(help="Side of an aligned crop, width of a loose one.  [pixels]", min=8)] = 96,
    height: Annotated[int, typer.Option(help="Height of a loose crop; 0: four thirds of its width.", min=0)] = 0,
    margin: Annotated[int, typer.Option(help="Pixels stored on each side of it, for augmentation.", min=0)] = 4,
    light: LightName = "none",
    enlarge: Annotated[float | None, typer.Option(help="Most a photo may be enlarged: any, loose 1.5.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Crop held-out people alone.")] = False,
    processes: Annotated[int, typer.Option(help="Processes that decode and crop; 0: one per core.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where the teacher computes: auto, cpu or cuda.")] = "auto",
) -> None:
    """Crop the faces of a data set in another way, without searching for faces again.

    Example: microface recrop build/faces photos --size 112 --output build/faces112
    """
    prepare("microface recrop")
    from microface.learn.recrop import Recrop
    from microface.learn.recrop import recrop as make
    from microface.learn.train.place import where

    if crop not in ("aligned", "boxes", "loose"):
        raise UserError(f"--crop {crop}", "is not known", "use aligned, boxes or loose")
    if height and crop != "loose":
        raise UserError(f"--height {height}", "only goes with --crop loose", "leave it out: other crops are square")
    limit = most_enlarged(enlarge, crop == "loose")
    cut = stored_crop(crop == "loose", size, margin, light, height)
    cut = cut.by_boxes if crop == "boxes" else cut
    options = Recrop(cut, teacher, processes or os.cpu_count() or 1, limit, held_out)
    manifest = make(faces, photos, output, options, where(device))
    show_counts(manifest, output)


if __name__ == "__main__":
    guarded(lambda: typer.run(recrop))
