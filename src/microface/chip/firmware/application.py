"""The application in firmware: which files it adds to a network that embeds faces."""

from typing import Any

from microface.chip.application.settings import Settings, part_of
from microface.chip.application.wake import window_of
from microface.chip.firmware.model import Model
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME
from microface.errors import UserError
from microface.network import IntegerNetwork
from microface.network.inputs.resize import Rectangle

PORT_OF_SERIAL = "port_emulator_serial.c"
_KEPT = (
    "application_start", "application_frame", "application_enrol", "application_running", "application_state",
    "mf_application_set_threshold", "mf_application_forget",
)  # fmt: skip
_SOURCES = (
    "mf_application*.c", "mf_votes.c", "mf_line.c", "mf_crop_u8.c", "mf_contrast_u8.c", "mf_frame_put_row.c",
    "mf_fold_s8.c",
)  # fmt: skip


def generated_files(model: Model, settings: Settings, wake: IntegerNetwork | None = None) -> dict[str, str]:
    """Return `application.h` and `application.c`; a network without crop and score is a `UserError`.

    `wake` is a face / no-face network that looks first.
    """
    rectangles, seen_first = _places(model, settings, wake)
    right, down = settings.offsets[0]
    values: dict[str, Any] = {"model": model, "settings": settings, "frame": settings.frame_size, "wake": None}
    values["face"] = rectangles[0].moved(-right, -down)
    if wake is not None:
        values["wake"] = {"bytes": wake.input.bytes, "place": seen_first[0]}
    values["part"] = part_of([*rectangles, *seen_first])
    return {name: render(f"{name}.j2", **values) for name in ("application.h", "application.c")}


def kept_bytes(model: Model, settings: Settings, wake: IntegerNetwork | None = None) -> int:
    """Return the RAM of the part of a frame that an application fed by rows keeps, and of its windows for `wake`."""
    rectangles, seen_first = _places(model, settings, wake)
    part = part_of([*rectangles, *seen_first])
    window = 2 * wake.input.bytes if wake is not None else 0
    return 2 * part.width * part.height + (window if model.network.input.bytes < window else 0)


def _places(
    model: Model, settings: Settings, wake: IntegerNetwork | None
) -> tuple[tuple[Rectangle, ...], tuple[Rectangle, ...]]:
    """Return the rectangles of the crops, and what `wake` sees."""
    if model.preprocess is None or not model.embeds:
        raise UserError(model.name, "is a bare network, which recognises nobody", "give a .mface package")
    rectangles = settings.rectangles(model.preprocess)
    return rectangles, (settings.wake_rectangle(model.preprocess, window_of(wake)),) if wake is not None else ()


def kept_symbols(settings: Settings) -> tuple[str, ...]:
    """Return the application's functions that are called from outside."""
    return (*_KEPT, *(("application_row",) if settings.rows else ()))


def application_sources() -> tuple[str, ...]:
    """Return the names of the runtime's files that the application adds, sorted."""
    return tuple(sorted({path.name for pattern in _SOURCES for path in RUNTIME.glob(pattern)}))
