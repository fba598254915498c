"""Layouts of photo collections. A new one is a file in this folder with a `LAYOUT` object; copy `people.py`."""

import functools
import importlib
import pkgutil
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import Layout, PhotoEntry

__all__ = ["Layout", "PhotoEntry", "layout_of", "layouts", "list_photos", "read_entry"]


@functools.cache
def layouts() -> dict[str, Layout]:
    """Return every layout by its name; the ones that look most closely come first."""
    modules = [importlib.import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)]
    found: list[Layout] = [module.LAYOUT for module in modules if hasattr(module, "LAYOUT")]
    return {layout.name: layout for layout in sorted(found, key=lambda layout: layout.order)}


def layout_of(source: Path) -> Layout:
    """Return the layout of the collection at `source`; none that fits is a `UserError`."""
    if not source.exists():
        raise UserError(source, "does not exist", "check the name")
    for layout in layouts().values():
        if layout.matches(source):
            return layout
    known = ", ".join(layout.title for layout in layouts().values())
    raise UserError(source, "holds no collection of photos", f"give one of: {known}")


def list_photos(source: Path) -> list[PhotoEntry]:
    """Return the photos of the collection at `source`, sorted; a collection without any is a `UserError`."""
    entries = layout_of(source).photos(source)
    if not entries:
        raise UserError(source, "holds no photos", "give a folder with JPEG, PNG, WebP or BMP pictures")
    return entries


def read_entry(entry: PhotoEntry) -> bytes:
    """Return the bytes of the photo that `entry` names."""
    return layouts()[entry.layout].read(entry)
