"""Photos as enrolment sees them: one face, its crop, and what speaks against it."""

from collections.abc import Iterable
from pathlib import Path

from microface.errors import UserError
from microface.people.enrol import Look, LookAt, photo_files
from microface.photos.crop import crop_face
from microface.photos.detect.finder import Finder
from microface.photos.preprocess import Preprocess
from microface.photos.quality import judge
from microface.photos.read import read_photo

UNREADABLE = "unreadable"
"""The reason against a file that is no photo, or damaged."""


def photo_looker(preprocess: Preprocess, gate: bool = True) -> LookAt:
    """Return what looks at a photo's file: its most central face, cropped by `preprocess`.

    With `gate` a photo has the reasons of `photos.quality` against it; without, only the want of a face counts, and
    the others are remarks.
    """
    finder = Finder()

    def look(path: Path) -> Look:
        try:
            photo = read_photo(path)
        except UserError as error:
            return Look(path, None, (f"{UNREADABLE}: {error.reason}",))
        face, quality = judge(photo, finder.find(photo))
        crop = None if face is None else crop_face(photo, face, preprocess)
        return Look(path, crop, quality.reasons) if gate or face is None else Look(path, crop, (), quality.reasons)

    return look


def photos_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files that `paths` name: photos, or all files in folders; none at all is a `UserError`."""
    paths = list(paths)
    files = [file for path in paths for file in (photo_files(path) if path.is_dir() else [path])]
    missing = [path for path in files if not path.exists()]
    if missing:
        raise UserError(missing[0], "is not there", "check the name")
    if not files:
        raise UserError(", ".join(map(str, paths)), "holds no photo", "give photos, or a folder of them")
    return files
