"""A model package small enough to build in a test: one dense layer on 16 x 16 x 3."""

import numpy as np

from microface.metrics.trials import measure_visits
from microface.models import ModelCard, ModelPackage
from microface.network import IntegerNetwork, Tensor
from microface.network.inputs.mapping import map_bytes
from microface.network.ops import Dense
from microface.network.requantise import HighMul
from microface.network.scores import Score
from microface.photos.preprocess import Preprocess

CARD = ModelCard("a test", "noise", "none", "Apache-2.0", "for tests only")
SIZE, DIMENSIONS = 16, 8


def tiny_network(seed: int = 0, zero_point: int = 3) -> IntegerNetwork:
    generator = np.random.default_rng(seed)
    crop = (SIZE, SIZE, 3)
    tensors = {"x": Tensor("x", crop, "s8", 1 / 128), "e": Tensor("e", (1, 1, DIMENSIONS), "s8", 0.1, zero_point)}
    weights = generator.integers(-127, 128, (DIMENSIONS, SIZE * SIZE * 3)).astype(np.int8)
    rule = HighMul.from_scales(np.full(DIMENSIONS, 0.0004), zero_point)
    dense = Dense("dense", ("x",), "e", weights, np.zeros(DIMENSIONS, np.int32), rule)
    return IntegerNetwork("tiny", tensors, (dense,), ("x",), ("e",))


def tiny_package(seed: int = 0, score: str = "l2norm") -> ModelPackage:
    """A package whose statistics are measured on crops of noise: 24 `people`, 6 photos each."""
    network = tiny_network(seed)
    crops, owners = noise_people(24, 6)
    measure = Score(score, network.output.zero_point)  # type: ignore[arg-type]
    embeddings = measure.centred(network.run(map_bytes(crops)).reshape(len(crops), -1))
    statistics = measure_visits(embeddings, owners, measure.distances, replicates=20)
    return ModelPackage("tiny", network, Preprocess.aligned(SIZE), score, CARD, statistics)  # type: ignore[arg-type]


def noise_people(people: int, photos: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Crops uint8 [N, 16, 16, 3] of people who are patterns of noise, and whose they are."""
    generator = np.random.default_rng(seed)
    patterns = generator.integers(20, 236, (people, 1, SIZE, SIZE, 3))
    crops = patterns + generator.integers(-20, 21, (people, photos, SIZE, SIZE, 3))
    return crops.astype(np.uint8).reshape(-1, SIZE, SIZE, 3), np.repeat(np.arange(people), photos)
