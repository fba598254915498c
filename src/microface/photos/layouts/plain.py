"""Photos of nobody in particular, in one folder or in any folders: enough to learn from a teacher."""

from collections.abc import Iterator
from pathlib import Path

from microface.photos.layouts.layout import PhotoEntry, PictureFiles, pictures_under


class PlainPhotos(PictureFiles):
    """`any.jpg` and `any/where/any.jpg`: folders mean nothing."""

    name = "photos"
    title = "photos without names"
    order = 95
    needed = "give a folder with JPEG, PNG, WebP or BMP pictures"

    def matches(self, source: Path) -> bool:
        """Say whether `source` is a folder; since a folder per person is asked first, this one must be named."""
        return source.is_dir()

    def photos(self, source: Path) -> Iterator[PhotoEntry]:
        """Yield all pictures, without names."""
        source = source.resolve()
        for path in pictures_under(source):
            key = f"{source.name}/{path.relative_to(source).as_posix()}"
            yield PhotoEntry(key, source.name, "", self.name, str(path))


LAYOUT = PlainPhotos()
