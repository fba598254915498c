"""A thousand random small files: every tensor as LiteRT's reference kernels compute it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from litert import reference
from random_draft import Draft
from random_files import NAMES, draft_of

from microface.network.convert.tflite import Imported, import_tflite
from microface.network.convert.tflite.write import model_bytes

FILES = 31
LEAST = 20
"""So many files of each operator LiteRT must run; it refuses odd ones whose bias may overflow."""


def expected(path: Path, draft: Draft) -> dict[int, np.ndarray] | None:
    """Return every tensor by LiteRT, None where it refuses the file."""
    try:
        return reference(path, draft.values())
    except RuntimeError:
        return None


def computed(imported: Imported, theirs: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Return every tensor by our integer network for the inputs that LiteRT had."""
    network = imported.network
    numbers = {name: number for number, name in imported.names.items() if theirs[number].dtype != np.float32}
    inputs = {name: theirs[numbers[name]].reshape(1, *network.tensors[name].shape) for name in network.inputs}
    return dict(network.steps_of(inputs))


@pytest.mark.parametrize("name", NAMES)
def test_random_files_equal_litert(name: str, tmp_path: Path, record_property: pytest.FixtureRequest) -> None:
    options, compared = Counter[str](), 0
    for seed in range(FILES):
        draft, path = draft_of(name, seed), tmp_path / f"{seed}.tflite"
        path.write_bytes(model_bytes(draft.model()))
        theirs = expected(path, draft)
        if theirs is None:
            continue
        imported = import_tflite(path)
        ours = computed(imported, theirs)
        wrong = [
            tensor
            for number, tensor in imported.names.items()
            if theirs[number].dtype != np.float32 and not np.array_equal(ours[tensor].ravel(), theirs[number].ravel())
        ]
        assert not wrong, f"{name} {seed}: {wrong} with {draft.options}"
        options.update(draft.options)
        compared += 1
    record_property("options", str(dict(options)))
    print(name, compared, dict(options))
    assert compared >= LEAST
