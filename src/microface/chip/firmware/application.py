"""The application in firmware: which files it adds to a network that embeds faces."""

from microface.chip.application.settings import Settings
from microface.chip.firmware.model import Model
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME
from microface.errors import UserError

PORT_OF_SERIAL = "port_emulator_serial.c"
KEPT = (
    "application_start", "application_frame", "application_enrol", "application_running", "application_state",
    "mf_application_set_threshold", "mf_application_forget",
)  # fmt: skip
_SOURCES = ("mf_application*.c", "mf_votes.c", "mf_line.c", "mf_crop_u8.c", "mf_contrast_u8.c", "mf_frame_put_row.c")


def generated_files(model: Model, settings: Settings) -> dict[str, str]:
    """Return `application.h` and `application.c`; a network without crop and score is a `UserError`."""
    if model.preprocess is None or not model.embeds:
        raise UserError(model.name, "is a bare network, which recognises nobody", "give a .mface package")
    rectangles = settings.rectangles(model.preprocess)
    right, down = settings.offsets[0]
    values = {"model": model, "settings": settings, "frame": settings.frame_size}
    values["face"] = rectangles[0].moved(-right, -down)
    return {name: render(f"{name}.j2", **values) for name in ("application.h", "application.c")}


def application_sources() -> tuple[str, ...]:
    """Return the names of the runtime's files that the application adds, sorted."""
    return tuple(sorted({path.name for pattern in _SOURCES for path in RUNTIME.glob(pattern)}))
