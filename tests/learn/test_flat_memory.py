"""Readers of whole data sets go shard by shard: memory must not grow with the number of photos."""

import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from microface.evaluate.visits import held_out_rows
from microface.learn.card import card_of
from microface.learn.train.config import TrainConfig, save_config
from microface.photos.dataset import Dataset, Manifest, ShardInfo
from microface.photos.preprocess import Preprocess

_ROWS, _HELD = 150, 2


def many_rows(folder: Path, shards: int) -> Path:
    """Write rows as large as those of `prepare`, without crops; two photos of each shard are held out."""
    folder.mkdir()
    about = {"box": list(np.arange(4) + 0.5), "landmarks": [[0.25, 0.75]] * 5, "photo": "f" * 16, "reasons": []}
    infos = []
    for number in range(shards):
        lines = [_line(number, row) | about for row in range(_ROWS)]
        (folder / ShardInfo.name_of("rows", number)).write_text("\n".join(map(json.dumps, lines)))
        infos.append(ShardInfo(number, _ROWS, {"train": _ROWS - _HELD, "held_out": _HELD}, {}, {}))
    Manifest(Preprocess.aligned(32), {"sha256": "x"}, {}, "0", shards * _ROWS, shards, tuple(infos)).save(folder)
    return folder


def _line(number: int, row: int) -> dict[str, object]:
    who = {"identity": f"home:{number % 5}", "split": "held_out"} if row < _HELD else {"identity": "", "split": "train"}
    return {"key": f"home/{number}/{row}.jpg", "source": "home", **who}


def peak(read: Callable[[], object]) -> int:
    """Return the most bytes that `read` held at once."""
    tracemalloc.start()
    read()
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held


def run_on(data: Path, folder: Path) -> Path:
    """Return the folder of a run that was trained on `data`."""
    folder.mkdir()
    save_config(TrainConfig(str(data), "facenet", epochs=1), folder / "config.json")
    return folder


@pytest.mark.parametrize("reader", [lambda run, data: card_of(run), lambda run, data: held_out_rows(data),
                                    lambda run, data: data.check_people()])  # fmt: skip
def test_many_shards_take_hardly_more_than_two(tmp_path: Path, reader: Callable[[Path, Dataset], object]) -> None:
    few, many = (
        peak(partial(reader, run_on(data, tmp_path / f"run-{data.name}"), Dataset.open(data, verify=False)))
        for data in (many_rows(tmp_path / f"data{shards}", shards) for shards in (2, 16))
    )
    assert many < 1.5 * few


def test_the_card_counts_photos_and_held_out_people(tmp_path: Path) -> None:
    data = many_rows(tmp_path / "data", 7)
    told = card_of(run_on(data, tmp_path / "run")).training_data
    assert told.startswith("1,050 photos (home 1,050), one face each, of which 14 of 5 people were held out")
