"""Figures of a run for TensorBoard, where it is asked for and installed."""

from pathlib import Path
from typing import Any

from microface.console import errors


class Board:
    """Writes figures to the folder `tensorboard` of a run; says in one line when TensorBoard is not there."""

    def __init__(self, folder: Path, wanted: bool) -> None:
        self._writer = _writer(folder / "tensorboard") if wanted else None

    def add(self, figures: dict[str, float], photos: int) -> None:
        """Write `figures` by name at so many `photos` seen."""
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(name, value, photos)
            self._writer.flush()


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        errors.print("tensorboard: skipped, it is not installed (`pip install tensorboard`)", style="yellow")
        return None
    return SummaryWriter(str(folder))  # type: ignore[no-untyped-call]
