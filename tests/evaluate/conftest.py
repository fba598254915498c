"""Packages and pictures of noise: the way through the command line, without anybody's face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from microface.metrics.trials import measure_visits
from microface.models import ModelCard, ModelPackage
from microface.network import IntegerNetwork, Tensor
from microface.network.inputs.mapping import map_bytes
from microface.network.ops import Dense
from microface.network.requantise import HighMul
from microface.network.scores import Score
from microface.photos.preprocess import Preprocess

SIZE = 16


def network(seed: int = 0) -> IntegerNetwork:
    generator = np.random.default_rng(seed)
    tensors = {"x": Tensor("x", (SIZE, SIZE, 3), "s8", 1 / 128), "e": Tensor("e", (1, 1, 8), "s8", 0.1, 3)}
    weights = generator.integers(-127, 128, (8, SIZE * SIZE * 3)).astype(np.int8)
    rule = HighMul.from_scales(np.full(8, 0.0004), 3)
    dense = Dense("dense", ("x",), "e", weights, np.zeros(8, np.int32), rule)
    return IntegerNetwork("noise", tensors, (dense,), ("x",), ("e",))


@pytest.fixture(scope="session")
def package_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package on one dense layer whose statistics come from patterns of noise."""
    net = network()
    crops = np.random.default_rng(1).integers(0, 256, (48, SIZE, SIZE, 3), np.uint8)
    score = Score("l2norm", 3)
    embeddings = score.centred(net.run(map_bytes(crops)).reshape(48, -1))
    statistics = measure_visits(embeddings, np.arange(48) // 4, score.distances, replicates=10)
    card = ModelCard("a test", "noise", "none", "Apache-2.0", "for tests only")
    path = tmp_path_factory.mktemp("package") / "noise.mface"
    ModelPackage("noise", net, Preprocess.aligned(SIZE), "l2norm", card, statistics).save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An LFW tree of six people with three pictures each: coarse patterns in which no face is found."""
    monkeypatch.setattr("microface.evaluate.found.cache_folder", lambda: tmp_path / "cache")
    generator = np.random.default_rng(2)
    for name in ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn"):
        pattern = generator.integers(0, 256, (6, 6, 3))
        for i in range(1, 4):
            noisy = np.clip(pattern + generator.integers(-25, 26, (6, 6, 3)), 0, 255).astype(np.uint8)
            path = tmp_path / "lfw" / name / f"{name}_{i:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), cv2.resize(noisy, (48, 48), interpolation=cv2.INTER_CUBIC))
    return tmp_path / "lfw"
