"""The shipped network on the demo's people, who do not exist: from their pictures to names."""

from pathlib import Path

import pytest

import microface.demo
from microface.evaluate.crops import crops_of_files
from microface.evaluate.engines import open_engine
from microface.evaluate.groups import measure_groups, subjects_of_people
from microface.evaluate.identification import identify_groups
from microface.evaluate.people import people_files

PEOPLE = Path(microface.demo.__file__).parent / "people" / "enrolled"


def test_made_up_people_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microface.evaluate.found.cache_folder", lambda: tmp_path)
    photos, engine = people_files(PEOPLE), open_engine("integer", "default")
    crops, failed = crops_of_files(PEOPLE, photos.files, engine.preprocess)
    centred = engine.centred(crops)
    (everybody,) = identify_groups(engine, photos, centred)
    assert failed == 0 and everybody.photos == len(photos.files) and everybody.unknown == ()
    assert everybody.top1 > 0.95 and everybody.identified.confusion().trace() == round(
        everybody.top1 * everybody.photos
    )
    groups = measure_groups(engine, subjects_of_people(photos, centred), "group", 0.05).groups
    assert groups[0].people == len(photos.names) and groups[0].true_accepts is not None
    assert groups[0].true_accepts.value > 0.8  # easy people: most pairs of one person are nearer than two people's
