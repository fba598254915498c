"""Layouts of photo collections. A new one is a file in this folder with a `LAYOUT` object; copy `people.py`."""

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import Layout, PhotoEntry

__all__ = ["Layout", "PhotoEntry", "iter_photos", "layout_of", "layouts", "list_photos", "read_entry"]


@functools.cache
def layouts() -> dict[str, Layout]:
    """Return every layout by its name; the ones that look most closely come first."""
    modules = [importlib.import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)]
    found: list[Layout] = [module.LAYOUT for module in modules if hasattr(module, "LAYOUT")]
    return {layout.name: layout for layout in sorted(found, key=lambda layout: layout.order)}


def layout_of(source: Path, name: str = "") -> Layout:
    """Return the layout of the collection at `source`, or the one called `name`; none that fits is a `UserError`."""
    if not source.exists():
        raise UserError(source, "does not exist", "check the name")
    if name:
        return _named(source, name)
    for layout in layouts().values():
        if layout.matches(source):
            return layout
    known = ", ".join(layout.title for layout in layouts().values())
    raise UserError(source, "holds no collection of photos", f"give one of: {known}")


def _named(source: Path, name: str) -> Layout:
    layout = layouts().get(name)
    if layout is None:
        raise UserError(f"layout {name}", "is unknown", f"use {', '.join(layouts())}")
    if not layout.matches(source):
        raise UserError(source, f"has not the layout of {layout.title}", "leave --layout out, or check the folder")
    return layout


def iter_photos(source: Path, name: str = "") -> Iterator[PhotoEntry]:
    """Yield the photos of the collection at `source`; one without any is a `UserError`.

    Its layout is recognised, or given by `name`.
    """
    empty, layout = True, layout_of(source, name)
    for entry in layout.photos(source):
        empty = False
        yield entry
    if empty:
        raise UserError(source, f"is taken for {layout.title}, but holds no photos", layout.needed)


def list_photos(source: Path, name: str = "") -> list[PhotoEntry]:
    """Return the photos of the collection at `source` as `iter_photos` yields them."""
    return list(iter_photos(source, name))


def read_entry(entry: PhotoEntry) -> bytes:
    """Return the bytes of the photo that `entry` names."""
    return layouts()[entry.layout].read(entry)
