"""Photos without a name that may show somebody: the one rule for them, by the teacher's embeddings."""

import numpy as np

NEAR = 0.45
"""Teacher's cosine from which a photo without a name may show a held-out person, and is not trained on."""
_TOGETHER = 4096


def unit(embeddings: np.ndarray) -> np.ndarray:
    """Return `embeddings` [N, D], each divided by its length."""
    return np.asarray(embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12))


def near(embeddings: np.ndarray, others: np.ndarray, cosine: float = NEAR) -> np.ndarray:
    """Say of each unit embedding [N, D] whether its cosine to one of the unit `others` [M, D] reaches `cosine`.

    The product is made in blocks of 4,096 x 4,096, so memory does not grow with N or M.
    """
    result = np.zeros(len(embeddings), bool)
    for start in range(0, len(embeddings), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        for first in range(0, len(others), _TOGETHER):
            result[part] |= (embeddings[part] @ others[first : first + _TOGETHER].T).max(axis=1) >= cosine
    return result


def strangers_near(embeddings: np.ndarray, named: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Say of each photo, bool [N], whether it has no name and so may show a held-out person.

    `embeddings` [N, D] have length 1; `named` bool [N] says whose owner is known, `held_out` bool [N] who is kept
    from training. Only photos that are neither named nor held out are ever true.
    """
    result = np.zeros(len(embeddings), bool)
    asked = np.flatnonzero(~named & ~held_out)
    result[asked] = near(embeddings[asked], embeddings[held_out])
    return result
