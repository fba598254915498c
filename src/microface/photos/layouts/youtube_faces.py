"""YouTube Faces: frames `frame_images_DB/NAME/VIDEO/VIDEO.FRAME.jpg` with `frame_images_DB/NAME.labeled_faces.txt`,
or aligned `aligned_images_DB/NAME/VIDEO/aligned_detect_VIDEO.FRAME.jpg`.

A line of the text files is `NAME\\VIDEO\\VIDEO.FRAME.jpg,IGNORED,cx,cy,w,h,IGNORED,IGNORED`. Frames come before the
aligned pictures where both lie there: they show what lies around the face.
"""

from collections.abc import Iterator
from pathlib import Path

from microface.errors import UserError
from microface.photos.layouts.layout import (
    PhotoEntry,
    PictureFiles,
    first_folder,
    folders_in,
    pictures_under,
    table_lines,
)

_FRAMES, _ALIGNED, _LABELS = "frame_images_DB", "aligned_images_DB", ".labeled_faces.txt"
Box = tuple[float, float, float, float]


class YouTubeFaces(PictureFiles):
    """The folder that holds `frame_images_DB` or `aligned_images_DB`, or one of the two."""

    name = "youtube_faces"
    title = "YouTube Faces"
    order = 30
    needed = "unpack YouTubeFaces.tar.gz there: frame_images_DB/NAME/VIDEO/VIDEO.FRAME.jpg"

    def matches(self, source: Path) -> bool:
        """Say whether one of the two official folders is there."""
        return source.is_dir() and _root(source) is not None

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield the frames of all videos of all people."""
        root = _root(source)
        if root is None:
            raise UserError(source, f"holds neither {_FRAMES} nor {_ALIGNED}", "unpack YouTubeFaces.tar.gz there")
        for person in folders_in(root):
            boxes = None if _is_aligned(root) else _boxes(root / f"{person.name}{_LABELS}")
            for path in pictures_under(person):
                yield self._entry(root, path, person.name, boxes)

    def _entry(self, root: Path, path: Path, person: str, boxes: dict[str, Box] | None) -> PhotoEntry:
        inner = path.relative_to(root).as_posix()
        box = None if boxes is None else boxes.get(inner)
        return PhotoEntry(f"youtube_faces/{inner}", "youtube_faces", f"youtube:{person}", self.name, str(path), box=box)


def _root(source: Path) -> Path | None:
    source = source.resolve()
    if source.name in (_FRAMES, _ALIGNED) or any(source.glob(f"*{_LABELS}")):
        return source
    return first_folder((source / _FRAMES, source / _ALIGNED))


def _is_aligned(root: Path) -> bool:
    return root.name == _ALIGNED


def _boxes(path: Path) -> dict[str, Box]:
    """Return {NAME/VIDEO/FILE: box} of the labelled faces of one person."""
    if not path.is_file():
        raise UserError(path, "is missing", "unpack YouTubeFaces.tar.gz whole, or give aligned_images_DB")
    return dict(_box(line, path) for line in table_lines(path) if line.strip())


def _box(line: str, path: Path) -> tuple[str, Box]:
    try:
        file, _, *numbers = line.split(",")
        x, y, width, height = map(float, numbers[:4])
    except ValueError as error:
        raise UserError(path, f"has a damaged line {line[:40]!r}", "unpack it again") from error
    return file.strip().replace("\\", "/"), (x - width / 2, y - height / 2, width, height)


LAYOUT = YouTubeFaces()
