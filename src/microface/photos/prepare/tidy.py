"""The end of a preparation: what only shows once all photos were seen is taken out of the shards again."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from microface.errors import DamagedFileError
from microface.photos.dataset import Dataset, Manifest, Shard, ShardInfo
from microface.photos.dataset.writer import ShardContent, Skipped, write_shard
from microface.photos.prepare.duplicates import copies
from microface.photos.prepare.recipe import Recipe

_MOSTLY = 0.5
"""A person is refused as a whole when this share of the photos was refused."""


def tidy(folder: Path, manifest: Manifest, recipe: Recipe) -> Manifest:
    """Take copies of photos and people who were mostly refused out of the data set in `folder`; return its manifest.

    Shards are written again one by one; interrupted, it is done again and gives the same.
    """
    dataset = Dataset.open(folder, verify=False)
    people, gone = refused_people(dataset), copies(dataset, recipe.same)
    keys = _keys(dataset, set(gone.values()))
    first = 0
    for shard in dataset.shards:
        why = _reasons(shard, first, people, gone, keys)
        first += len(shard)
        if why:
            manifest = manifest.with_shard(_without(shard, why))
            manifest.save(folder)
    manifest = replace(manifest, tidied=True)
    manifest.save(folder)
    return manifest


def refused_people(dataset: Dataset) -> frozenset[str]:
    """Return the people of whose photos at least half were refused for their likeness to somebody refused."""
    refused: Counter[str] = Counter()
    for shard in dataset.shards:
        refused.update(each.identity for each in skipped_of(shard) if each.reason == "near_refused" and each.identity)
    kept: Counter[str] = Counter()
    for shard in dataset.shards if refused else ():
        kept.update(row["identity"] for row in shard.read_rows())
    return frozenset(who for who, count in refused.items() if count >= _MOSTLY * (count + kept[who]))


def skipped_of(shard: Shard) -> list[Skipped]:
    """Return the photos that were left out of `shard`."""
    try:
        lines = shard.path("skipped").read_text(encoding="utf-8").splitlines()
        return [Skipped(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        mend = "delete its files and run `microface prepare` again"
        raise DamagedFileError(shard.path("skipped"), "cannot be read", mend) from error


def _keys(dataset: Dataset, rows: set[int]) -> dict[int, str]:
    """Return the keys of `rows`, which are counted through all shards."""
    keys: dict[int, str] = {}
    first = 0
    for shard in dataset.shards if rows else ():
        keys |= {first + at: row["key"] for at, row in enumerate(shard.read_rows()) if first + at in rows}
        first += len(shard)
    return keys


Reasons = dict[int, Skipped]


def _reasons(
    shard: Shard, first: int, people: frozenset[str], gone: Mapping[int, int], keys: Mapping[int, str]
) -> Reasons:
    """Return {row of `shard`: why it goes}; `first` is the number of its first row in the data set."""
    why: Reasons = {}
    for at, row in enumerate(shard.read_rows()):
        if row["identity"] in people:
            why[at] = Skipped(row["key"], "refused_person", row["identity"])
        elif first + at in gone:
            why[at] = Skipped(row["key"], "copy", row["identity"], keys[gone[first + at]])
    return why


def _without(shard: Shard, why: Reasons) -> ShardInfo:
    """Write `shard` again without the rows in `why`."""
    rows, crops = shard.read_rows(), shard.crops
    kept = [at for at in range(len(rows)) if at not in why]
    shape = crops.shape[1], crops.shape[2], crops.shape[3]
    embeddings = shard.map_embeddings()[kept]
    left_out = [*skipped_of(shard), *why.values()]
    content = ShardContent([crops[at] for at in kept], shape, embeddings, [rows[at] for at in kept], left_out)
    return write_shard(shard.folder, shard.info.number, content)
