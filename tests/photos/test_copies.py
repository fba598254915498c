from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepare_help import recipe_with

from microface.photos.dataset import Dataset, Manifest, unit
from microface.photos.dataset.writer import ShardContent, write_shard
from microface.photos.prepare.duplicates import copies
from microface.photos.prepare.tidy import tidy
from microface.photos.preprocess import Preprocess


def row(number: int, **more: Any) -> dict[str, Any]:
    about = {"key": f"k/{number}", "source": "s", "identity": f"s:{number % 50}", "split": "train"}
    return about | {"photo": f"{number + 1:016x}", "enlarged": 1.0} | more


def data_set(folder: Path, embeddings: np.ndarray, rows: list[dict[str, Any]], shard: int = 1024) -> Dataset:
    """Write a data set of black crops of 8 x 8 with `embeddings` [N, D] and `rows`."""
    parts = range(0, len(rows), shard)
    about = {"file": "t", "sha256": "0", "dimensions": embeddings.shape[1]}
    manifest = Manifest(Preprocess.aligned(8), about, {}, "0", len(rows), len(parts), tidied=False)
    for number, first in enumerate(parts):
        part = slice(first, first + shard)
        crops = np.zeros((len(rows[part]), 8, 8, 3), np.uint8)
        crops[:, 0, 0, 0] = np.arange(first, first + len(crops)) % 251
        content = ShardContent(crops, (8, 8, 3), embeddings[part].astype(np.float32), rows[part], [])
        manifest = manifest.with_shard(write_shard(folder, number, content))
    manifest.save(folder)
    return Dataset.open(folder)


def embeddings_of(count: int, dimensions: int = 128) -> np.ndarray:
    return unit(np.random.default_rng(1).normal(size=(count, dimensions))).astype(np.float32)


def test_copies_by_bytes_and_by_likeness(tmp_path: Path) -> None:
    embeddings = embeddings_of(3000)
    noise = embeddings_of(3000)[::-1]
    embeddings[2000] = embeddings[5] * 3  # exactly alike, of another length
    embeddings[1500] = unit(embeddings[[7]] + 0.1 * noise[[7]])[0]  # cosine 0.995
    embeddings[1600] = unit(embeddings[[8]] + 0.35 * noise[[8]])[0]  # cosine 0.944
    rows = [row(number) for number in range(3000)]
    rows[40]["photo"] = rows[2500]["photo"] = rows[30]["photo"]
    data = data_set(tmp_path, embeddings, rows)
    assert copies(data, 0.98) == {2000: 5, 1500: 7, 40: 30, 2500: 30}
    assert copies(data, 0) == {40: 30, 2500: 30}
    assert copies(data, 0.9)[1600] == 8


def test_a_photo_with_a_name_stays_and_the_copy_without_goes(tmp_path: Path) -> None:
    embeddings = embeddings_of(4)
    embeddings[:] = embeddings[0]
    rows = [row(0, identity=""), row(1, identity=""), row(2), row(3)]
    assert copies(data_set(tmp_path, embeddings, rows), 0.98) == {0: 2, 1: 2, 3: 2}


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.lists(st.booleans(), min_size=30, max_size=30))
def test_of_all_copies_of_a_photo_exactly_one_stays(kinds: list[int], named: list[bool]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rows = [row(n, photo=f"{kind + 1:x}", identity="a" if named[n] else "") for n, kind in enumerate(kinds)]
        data = data_set(Path(folder), embeddings_of(len(kinds), 16), rows, shard=7)
        gone = copies(data, 0)
        stays = [kind for n, kind in enumerate(kinds) if n not in gone]
        assert sorted(stays) == sorted(set(kinds))
        assert not set(gone.values()) & set(gone)
        assert all(kinds[gone[n]] == kinds[n] and named[gone[n]] >= named[n] for n in gone)


def test_copies_are_taken_out_of_the_shards(tmp_path: Path) -> None:
    embeddings = embeddings_of(40)
    embeddings[33] = embeddings[2]
    data = data_set(tmp_path, embeddings, [row(number) for number in range(40)], shard=16)
    manifest = tidy(tmp_path, data.manifest, recipe_with(tmp_path, same=0.98))
    tidied = Dataset.open(tmp_path)
    assert tidied.manifest == manifest and manifest.complete
    assert len(tidied) == 39 and manifest.skipped == {"copy": 1}
    keys = [each["key"] for shard in tidied.shards for each in shard.read_rows()]
    assert keys == [f"k/{n}" for n in range(40) if n != 33]
    marks = [int(crop[0, 0, 0]) for shard in tidied.shards for crop in shard.crops]
    assert marks == [n for n in range(40) if n != 33]
    assert '"reason": "copy"' in tidied.shards[2].path("skipped").read_text()
    assert '"of": "k/2"' in tidied.shards[2].path("skipped").read_text()
    assert tidy(tmp_path, manifest, recipe_with(tmp_path, same=0.98)) == manifest


@pytest.mark.parametrize("damage", ["rows", "embeddings"])
def test_what_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    from microface.errors import UserError

    data = data_set(tmp_path, embeddings_of(8), [row(number) for number in range(8)])
    data.shards[0].path(damage).write_bytes(b"\x93NUM\xff")
    with pytest.raises(UserError, match="shard 00000 is damaged"):
        tidy(tmp_path, data.manifest, recipe_with(tmp_path, same=0.98))
