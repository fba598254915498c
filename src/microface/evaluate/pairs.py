"""Pairs of photos in LFW's official layout: `pairs.txt` beside folders `NAME/NAME_0001.jpg`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from microface.errors import UserError


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos: `first` and `second` are files relative to the root, `same` and `fold` (from 1) of each pair."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    same: tuple[bool, ...]
    fold: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.same)

    @property
    def files(self) -> tuple[str, ...]:
        """Every photo once, sorted."""
        return tuple(sorted({*self.first, *self.second}))

    def only(self, folds: tuple[int, ...]) -> "Pairs":
        """Return the pairs of `folds` alone."""
        rows = zip(self.first, self.second, self.same, self.fold, strict=True)
        return _pairs([row for row in rows if row[3] in folds])


Row = tuple[str, str, bool, int]


def _pairs(rows: list[Row]) -> Pairs:
    first, second, same, fold = (tuple(row[i] for row in rows) for i in range(4))
    return Pairs(first, second, same, fold)  # type: ignore[arg-type]  # columns keep their own types


def read_pairs(path: Path, folds: tuple[int, ...] | None = None) -> Pairs:
    """Read `path`: folds and pairs per fold in the first line, then per fold as many same as different pairs.

    Lines are `NAME i j` and `NAME i OTHER j`, separated by tabs or blanks. `folds` picks folds, counted from 1.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, "cannot be read as a text of pairs", "give LFW's pairs.txt") from error
    number, per_fold = _header(path, lines)
    rows = list(_rows(path, lines[1:], per_fold))
    if len(rows) != number * 2 * per_fold:
        raise UserError(path, f"has {len(rows)} pairs, its first line says {2 * number * per_fold}", "copy it again")
    pairs = _pairs(rows)
    return pairs if folds is None else _picked(path, pairs, folds, number)


def read_folds(path: Path, folds: tuple[int, ...] | None = None) -> Pairs:
    """Read `path` as `read_pairs` does; one fold alone is a `UserError`: its threshold comes from others."""
    pairs = read_pairs(path, folds)
    if len(set(pairs.fold)) < 2:
        what = "leaves one fold, and the threshold of a fold is chosen on the others"
        raise UserError(path, what, "name two or more with --folds, as 1-2, of a file that has them")
    return pairs


def _header(path: Path, lines: list[str]) -> tuple[int, int]:
    words = lines[0].split() if lines else []
    if not (1 <= len(words) <= 2 and all(word.isdigit() and int(word) for word in words)):
        raise UserError(path, "does not begin with the numbers of folds and pairs", "give LFW's pairs.txt")
    return (int(words[0]), int(words[1])) if len(words) == 2 else (1, int(words[0]))


def _rows(path: Path, lines: list[str], per_fold: int) -> Iterator[Row]:
    filled = [(number, line.split()) for number, line in enumerate(lines, 2) if line.strip()]
    for place, (number, words) in enumerate(filled):
        same = len(words) == 3
        digits = words[1::2] if len(words) == 4 else words[1:]
        if len(words) not in (3, 4) or not all(word.isdigit() for word in digits):
            raise UserError(f"{path}:{number}", "is not a pair", "write NAME i j, or NAME i OTHER j")
        other = words[0] if same else words[2]
        yield file_of(words[0], digits[0]), file_of(other, digits[1]), same, place // (2 * per_fold) + 1


def _picked(path: Path, pairs: Pairs, folds: tuple[int, ...], number: int) -> Pairs:
    missing = [fold for fold in folds if not 1 <= fold <= number]
    if missing:
        raise UserError(path, f"has no fold {missing[0]}", f"choose from 1-{number}")
    return pairs.only(folds)


def file_of(name: str, number: str) -> str:
    """Return the file of a person's photo relative to the root."""
    return f"{name}/{name}_{int(number):04d}.jpg"


def parse_folds(text: str) -> tuple[int, ...]:
    """Return the folds that `text` names: `1-5`, `1,3,7-10`."""
    folds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise UserError(text, "does not name folds", "write for example 1-5 or 1,3")
        if last and int(last) < int(first):
            raise UserError(part, "ends before it begins", f"write {last}-{first}")
        folds += range(int(first), int(last or first) + 1)
    return tuple(sorted(set(folds)))


def find_root(root: Path, files: tuple[str, ...]) -> Path:
    """Return the folder of the NAME folders: `root`, or its one subfolder that has them; all `files` must be there."""
    if not root.is_dir():
        raise UserError(root, "is not a folder", "give the folder of the NAME folders of LFW")
    candidates = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    found = next((path for path in candidates if files and (path / files[0]).is_file()), None)
    if found is None:
        raise UserError(root, f"does not hold {files[0] if files else 'any pair'}", "give the folder of LFW's photos")
    missing = [name for name in files if not (found / name).is_file()]
    if missing:
        raise UserError(found, f"lacks {len(missing)} photos, first {missing[0]}", "choose --folds that are there")
    return found
