"""Reading a data set: crops stay on disk and are mapped, everything else is small."""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.photos.dataset.crop_file import CropFile
from microface.photos.dataset.manifest import NAME, Manifest, ShardInfo
from microface.photos.preprocess import Preprocess

_EYES = 0.5
"""Pixels that eyes may lie further apart in a data set than in the crop of a package."""


@dataclass(frozen=True)
class Shard:
    """One shard of the data set in `folder`."""

    folder: Path
    info: ShardInfo

    def __len__(self) -> int:
        return self.info.rows

    @functools.cached_property
    def crops(self) -> np.ndarray:
        """RGB crops uint8 [n, H, W, 3], mapped from the file."""
        return self._array("crops", mapped=True)

    @functools.cached_property
    def embeddings(self) -> np.ndarray:
        """The teacher's embeddings float32 [n, D], not normalised."""
        return self._array("embeddings", mapped=False)

    def read_rows(self) -> list[dict[str, Any]]:
        """Return what is known of each crop: key, source, identity ("" if unknown), split, native, box, landmarks, ...

        They are not kept: a million take more than a gigabyte.
        """
        try:
            rows = [json.loads(line) for line in self.path("rows").read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        return list(self._counted(rows))

    def map_embeddings(self) -> np.ndarray:
        """Return `embeddings` mapped from the file."""
        return self._array("embeddings", mapped=True)

    def crop_file(self) -> CropFile:
        """Return `crops` to be read one by one."""
        mapped = self._array("crops", mapped=True)
        assert isinstance(mapped, np.memmap)
        return CropFile.of(self.path("crops"), mapped)

    def path(self, what: str) -> Path:
        """Return the file that holds `what`."""
        return self.folder / self.info.file(what)

    def verify(self) -> None:
        """Raise `DamagedFileError` when a file of the shard is missing or differs from its checksum."""
        for what, checksum in self.info.checksums.items():
            try:
                with self.path(what).open("rb") as stream:
                    same = hashlib.file_digest(stream, "sha256").hexdigest() == checksum
            except OSError as error:
                raise self._damaged() from error
            if not same:
                raise self._damaged()

    def _array(self, what: str, mapped: bool) -> np.ndarray:
        try:
            array = np.load(self.path(what), mmap_mode="r" if mapped else None)
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged() from error
        return np.asarray(self._counted(array)) if not mapped else self._counted(array)

    def _counted(self, items: Any) -> Any:
        if len(items) != self.info.rows:
            raise self._damaged()
        return items

    def _damaged(self) -> DamagedFileError:
        reason = f"shard {self.info.number:05d} is damaged or incomplete"
        return DamagedFileError(self.folder, reason, "delete its files and run `microface prepare` again")


@dataclass(frozen=True)
class Dataset:
    """A data set as far as it is finished: a manifest and its shards."""

    folder: Path
    manifest: Manifest
    shards: tuple[Shard, ...]

    @classmethod
    def open(cls, folder: Path, verify: bool = True) -> Self:
        """Open the data set in `folder`; with `verify` every byte is compared with its checksum (1 GB/s).

        With `verify` nobody may be in both splits either.
        """
        if not (folder / NAME).is_file():
            raise UserError(folder, "holds no data set", "make one with `microface prepare`")
        manifest = Manifest.load(folder)
        shards = tuple(Shard(folder, info) for info in manifest.shards)
        if verify:
            for shard in shards:
                shard.verify()
        opened = cls(folder, manifest, shards)
        if verify:
            opened.check_people()
        return opened

    def check_people(self) -> None:
        """Raise `DamagedFileError` when a person is in both splits: then nothing measured on held-out people counts."""
        seen: dict[str, str] = {}
        for row in (row for shard in self.shards for row in shard.read_rows() if row["identity"]):
            if seen.setdefault(row["identity"], row["split"]) != row["split"]:
                who = row["identity"]
                raise DamagedFileError(self.folder, f"{who} is in both splits", "prepare the data set again")

    @property
    def content(self) -> tuple[int, int]:
        """(height, width) of the centre of the stored crops that a network reads; the rest is margin."""
        return self.manifest.preprocess.content

    def require_read_by(self, size: tuple[int, int]) -> None:
        """Raise `UserError` unless the content, scaled to `size` (height, width) of a network, keeps its shape.

        What is squeezed in training would not be squeezed on the chip. A pixel of rounding is allowed.
        """
        (rows, columns), (height, width) = self.content, size
        if abs(rows * width / columns - height) >= 1:
            reason = f"holds crops whose content is {columns} x {rows} pixels, the network reads {width} x {height}"
            raise UserError(self.folder, reason, "make crops of its shape by `microface recrop --size --height`")

    def crops_by_boxes(self, crop: Preprocess) -> bool:
        """Whether these are the faces of an aligned `crop`, of its scale, where a detector's box alone places them."""
        return crop.geometry == "aligned" and self._places_as(crop.by_boxes)

    def require_crop(self, crop: Preprocess, otherwise: str = "") -> None:
        """Raise `UserError` unless faces lie in these crops' middle, in such light, as in `crop`.

        `otherwise` is a further mend. People who are cropped otherwise say nothing of a package's distances.
        """
        theirs = self.manifest.preprocess
        if not self._places_as(crop):
            reason = f"holds {theirs.geometry} crops with eyes {theirs.eye_distance:.3g} apart"
            mend = f"prepare {crop.geometry} ones with eyes {crop.eye_distance:.3g} apart{otherwise}"
            raise UserError(self.folder, reason, mend)
        if theirs.light != crop.light:
            reason = f"holds crops with light {theirs.light}, the network reads those with light {crop.light}"
            raise UserError(self.folder, reason, f"prepare or recrop with --light {crop.light}{otherwise}")

    def _places_as(self, crop: Preprocess) -> bool:
        theirs = self.manifest.preprocess
        return theirs.geometry == crop.geometry and abs(theirs.eye_distance - crop.eye_distance) <= _EYES

    def require_aligned(self, what: str) -> None:
        """Raise `UserError` unless the crops are aligned and square, as `what` reads them."""
        if self.manifest.preprocess.geometry != "aligned" or self.content[0] != self.content[1]:
            raise UserError(self.folder, f"holds crops that {what} cannot read", "prepare aligned ones")

    def __len__(self) -> int:
        return self.manifest.rows
