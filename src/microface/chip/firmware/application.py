"""The application in firmware: which files it adds to a network that embeds faces."""

from typing import Any

from microface.chip.application.settings import Settings, part_of
from microface.chip.application.wake import window_of
from microface.chip.firmware.model import Model
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME
from microface.errors import UserError
from microface.network import IntegerNetwork

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
    if model.preprocess is None or not model.embeds:
        raise UserError(model.name, "is a bare network, which recognises nobody", "give a .mface package")
    rectangles = settings.rectangles(model.preprocess)
    right, down = settings.offsets[0]
    values: dict[str, Any] = {"model": model, "settings": settings, "frame": settings.frame_size, "wake": None}
    values["face"] = rectangles[0].moved(-right, -down)
    needed = list(rectangles)
    if wake is not None:
        needed.append(settings.wake_rectangle(model.preprocess, window_of(wake)))
        values["wake"] = {"bytes": wake.input.bytes, "place": needed[-1]}
    values["part"] = part_of(needed)
    return {name: render(f"{name}.j2", **values) for name in ("application.h", "application.c")}


def kept_symbols(settings: Settings) -> tuple[str, ...]:
    """Return the application's functions that are called from outside."""
    return (*_KEPT, *(("application_row",) if settings.rows else ()))


def application_sources() -> tuple[str, ...]:
    """Return the names of the runtime's files that the application adds, sorted."""
    return tuple(sorted({path.name for pattern in _SOURCES for path in RUNTIME.glob(pattern)}))
