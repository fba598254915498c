"""How much of a chip's flash a gallery may take."""

from microface.chip.plan.memory import gallery_line
from microface.chip.plan.planner import GALLERY_SLOT_BYTES
from microface.chip.targets import Target
from microface.people.gallery import Gallery
from microface.people.image import require_fit


def slot_bytes(target: Target) -> int:
    """Return the bytes of one of the two gallery slots that a firmware for `target` has."""
    return target.gallery.seen(gallery_line(target, GALLERY_SLOT_BYTES).bytes // 2)


def require_room(gallery: Gallery, target: Target) -> None:
    """Refuse a gallery that the firmware of `target` has no room for; the error names how many people fit."""
    require_fit(gallery, slot_bytes(target), target.name)
