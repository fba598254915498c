"""A folder per person, named after the person; pictures beside the folders and in `unknown` have no name."""

from pathlib import Path

from microface.files import read_bytes
from microface.photos.layouts.layout import PhotoEntry, folders_in, pictures_in

UNKNOWN = "unknown"


class PeopleFolders:
    """`NAME/any.jpg`."""

    name = "people"
    title = "a folder per person"
    order = 90

    def matches(self, source: Path) -> bool:
        """Say whether `source` is a folder."""
        return source.is_dir()

    def photos(self, source: Path) -> list[PhotoEntry]:
        """Return the pictures of every person, and those of nobody."""
        source = source.resolve()  # `.` has no name
        places = [(source, ""), *((folder, _identity(source, folder)) for folder in folders_in(source))]
        return [self._entry(source, path, person) for folder, person in places for path in pictures_in(folder)]

    def _entry(self, source: Path, path: Path, identity: str) -> PhotoEntry:
        key = f"{source.name}/{path.relative_to(source).as_posix()}"
        return PhotoEntry(key, source.name, identity, self.name, str(path))

    def read(self, entry: PhotoEntry) -> bytes:
        """Return the bytes of one photo."""
        return read_bytes(Path(entry.file))


def _identity(source: Path, folder: Path) -> str:
    return "" if folder.name == UNKNOWN else f"{source.name}:{folder.name}"


LAYOUT = PeopleFolders()
