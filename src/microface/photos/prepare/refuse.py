"""People that no training may see, because evaluation is about them: known by name and by the teacher's eye."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from microface.photos.dataset import Dataset, near, unit
from microface.photos.layouts import PhotoEntry

FOLDER = ".refused"


def plain_name(name: str) -> str:
    """Return `name` as it is compared: letters and digits only, without accents, in small letters, words sorted.

    So "Ada_Byron", "Byron, Ada" and "ADA BYRON" are one.
    """
    letters = unicodedata.normalize("NFKD", name).casefold()
    words = re.findall(r"\w+", "".join(each for each in letters if not unicodedata.combining(each)).replace("_", " "))
    return " ".join(sorted(words))


def names_in(entries: Iterable[PhotoEntry]) -> frozenset[str]:
    """Return the plain names of the people of an evaluation set; those that are only numbers say nothing."""
    return frozenset(plain_name(entry.person) for entry in entries if not is_number(entry.person))


def is_number(person: str) -> bool:
    """Say whether `person` is no name but a number, as 2880 or n000002; nobody is one, too."""
    return not re.search(r"[^\W\d_]{2}", person)


def is_refused(person: str, names: frozenset[str]) -> bool:
    """Say whether `person` has one of the plain `names`."""
    return bool(names) and bool(person) and plain_name(person) in names


def near_refused(embeddings: np.ndarray, folder: Path) -> np.ndarray:
    """Say of each of the unit `embeddings` [N, D], bool [N], whether it is near one of the faces kept in `folder`."""
    result = np.zeros(len(embeddings), bool)
    if (folder / FOLDER).is_dir():
        for shard in Dataset.open(folder / FOLDER, verify=False).shards:
            result |= near(embeddings, unit(shard.map_embeddings()))
    return result
