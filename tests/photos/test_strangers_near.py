import numpy as np

from microface.photos.dataset import NEAR, near, strangers_near, unit


def at(cosine: float) -> list[float]:
    return [cosine, (1 - cosine**2) ** 0.5]


def test_only_unnamed_photos_of_training_are_near_held_out_people() -> None:
    embeddings = np.array([[1, 0], at(NEAR + 0.01), at(NEAR - 0.01), at(0.9), [1, 0]], np.float32)
    named = np.array([True, False, False, True, False])
    held_out = np.array([True, False, False, False, True])
    assert strangers_near(embeddings, named, held_out).tolist() == [False, True, False, False, False]
    assert not strangers_near(embeddings, named, np.zeros(5, bool)).any()


def test_blocks_give_what_the_whole_product_gives() -> None:
    random = np.random.default_rng(0)
    some, others = (unit(random.normal(size=(count, 3))) for count in (5000, 4500))
    assert (near(some, others, 0.999) == ((some @ others.T).max(axis=1) >= 0.999)).all()
    assert not near(some, others[:0]).any()
