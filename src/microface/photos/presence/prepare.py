"""From WIDER FACE to a set of windows: shard by shard, so that an interrupted run goes on where it stopped."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from microface.console import track
from microface.errors import DamagedFileError, UserError
from microface.photos.layouts.layout import pictures_under
from microface.photos.layouts.wider import MarkedPicture, marked_pictures
from microface.photos.presence.paste import Pasting, pasted
from microface.photos.presence.rule import Rule
from microface.photos.presence.store import (
    Settings,
    ShardContent,
    Split,
    read_shard,
    shard_path,
    write_manifest,
    write_shard,
)
from microface.photos.presence.windows import Window, cut, draw, seed_of
from microface.photos.read import read_photo

T = TypeVar("T")
_PER_SHARD = 64


@dataclass(frozen=True)
class Job:
    """One shard's work: pictures of WIDER FACE, or of backgrounds, or faces to paste."""

    marked: tuple[MarkedPicture, ...] = ()
    backgrounds: tuple[Path, ...] = ()
    pasting: Pasting | None = None

    def recipe(self, settings: Settings) -> dict[str, Any]:
        """Return all that the shard's content depends on."""
        pictures = [picture.key for picture in self.marked] + [path.name for path in self.backgrounds]
        pasting = {} if self.pasting is None else {"pasting": self.pasting.recipe()}
        return {"settings": settings.to_json(), "pictures": pictures, **pasting}


def prepare(
    source: Path, backgrounds: Path | None, output: Path, settings: Settings, pasting: Pasting | None = None
) -> Counter[str]:
    """Make the set of windows of the WIDER FACE collection at `source` in the folder `output`.

    Pictures in the folder `backgrounds`, which show no faces, become a split of their own, a window each; `pasting`
    adds windows to train on. Returns how many tries and pictures were left out, by reason. Shards that are whole
    already are kept.
    """
    jobs = [*_jobs(source, backgrounds), *([] if pasting is None else [Job(pasting=pasting)])]
    left_out: Counter[str] = Counter()
    empty: list[np.ndarray] = []
    for number, job in enumerate(track(jobs, "windows")):
        content = _shard(shard_path(output, number), job, settings, empty)
        left_out += content.left_out
        empty.append(content.crops[[row["split"] == "train" and row["label"] == "none" for row in content.rows]])
    facts = {"left_out": dict(left_out), "faces_from": [] if pasting is None else pasting.sources()}
    write_manifest(output, settings, len(jobs), facts)
    return left_out


def _jobs(source: Path, backgrounds: Path | None) -> Iterator[Job]:
    if not source.is_dir():
        raise UserError(source, "does not exist", "give the folder that holds WIDER_train and wider_face_split")
    pictures = list(marked_pictures(source))
    if not pictures:
        raise UserError(source, "holds no pictures of WIDER FACE", "unpack WIDER_train.zip and wider_face_split.zip")
    yield from (Job(marked=part) for part in _parts(pictures))
    if backgrounds is not None:
        yield from (Job(backgrounds=part) for part in _parts(_pictures_in(backgrounds)))


def _pictures_in(folder: Path) -> list[Path]:
    found = list(pictures_under(folder)) if folder.is_dir() else []
    if not found:
        raise UserError(folder, "holds no pictures", "give a folder of JPEG, PNG, WebP or BMP pictures")
    return found


def _parts(items: Iterable[T]) -> Iterator[tuple[T, ...]]:
    left = iter(items)
    while part := tuple(itertools.islice(left, _PER_SHARD)):
        yield part


def _shard(path: Path, job: Job, settings: Settings, empty: Sequence[np.ndarray]) -> ShardContent:
    """Return the shard at `path`, made unless it is there already from the same pictures and settings.

    `empty` holds the windows to train on without a face of the shards before.
    """
    recipe = job.recipe(settings)
    if path.exists():
        content, made_by = read_shard(path)
        if made_by != recipe:
            raise DamagedFileError(path, "was made with other settings or pictures", "choose another --output")
        return content
    if job.pasting is not None:
        content = pasted(job.pasting, np.concatenate(empty), settings.seed)
    else:
        content = _content(job, settings)
    write_shard(path, content, recipe)
    return content


def _content(job: Job, settings: Settings) -> ShardContent:
    left_out: Counter[str] = Counter()
    found = [_of_picture(picture, settings, left_out) for picture in job.marked]
    found += [_of_background(path, settings, left_out) for path in job.backgrounds]
    rows = [row for _, part in found for row in part]
    empty = np.zeros((0, settings.size, settings.size, 3), np.uint8)
    return ShardContent(np.concatenate([empty, *(crops for crops, _ in found if len(crops))]), rows, left_out)


Found = tuple[np.ndarray | list[np.ndarray], Sequence[dict[str, Any]]]


def _of_picture(picture: MarkedPicture, settings: Settings, left_out: Counter[str]) -> Found:
    pixels, split = _read(picture.path, left_out), split_of(picture, settings)
    if pixels is None or min(pixels.shape[:2]) < settings.rule.side:
        left_out["too_small"] += pixels is not None
        return [], []
    crops, rows = [], []
    for rule in settings.rules() if split == "train" else (settings.rule,):
        for window in _windows_of(picture, pixels.shape[:2], settings, rule, left_out):
            crops.append(cut(pixels, window.left, window.top, rule.side, settings.size))
            rows.append({"picture": picture.key, "split": split, **asdict(window)})
    return crops, rows


def _windows_of(
    picture: MarkedPicture, shape: tuple[int, ...], settings: Settings, rule: Rule, left_out: Counter[str]
) -> Sequence[Window]:
    """Return the windows of the side of `rule`; none where the picture of `shape` is smaller."""
    if min(shape) < rule.side:
        return ()
    key = picture.key if rule == settings.rule else f"{picture.key}/{rule.side}"
    drawn = draw((shape[0], shape[1]), picture.faces, rule, settings.each, seed_of(key, settings.seed))
    left_out.update({str(label): count for label, count in drawn.ambiguous.items()})
    return drawn.windows


def split_of(picture: MarkedPicture, settings: Settings) -> Split:
    """Return the split of `picture`: all of WIDER's own validation part is held out."""
    number = seed_of(picture.key, settings.seed + 1)
    if picture.part == "val" or number % settings.held_out == 0:
        return "held_out"
    return "validation" if number // settings.held_out % settings.validation == 0 else "train"


def _of_background(path: Path, settings: Settings, left_out: Counter[str]) -> Found:
    """Return the middle of a picture without faces, as large as the window or as the picture is."""
    pixels = _read(path, left_out)
    if pixels is None:
        return [], []
    height, width = pixels.shape[:2]
    side = min(height, width, settings.rule.side)
    left, top = (width - side) // 2, (height - side) // 2
    row = {"picture": f"background/{path.name}", "split": "background", "left": left, "top": top, "label": "none"}
    return [cut(pixels, left, top, side, settings.size)], [row | {"face": 0.0}]


def _read(path: Path, left_out: Counter[str]) -> np.ndarray | None:
    try:
        return read_photo(path)
    except UserError:
        left_out["unreadable"] += 1
        return None
