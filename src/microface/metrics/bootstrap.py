"""Bootstrap over people: photos of one person belong together, so people are drawn, not photos."""

from collections.abc import Callable

import numpy as np

REPLICATES = 200


def people_weights(people: int, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    """Return int64 [replicates, people]: how often each person is drawn when `people` are drawn with replacement."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(people, np.full(people, 1.0 / people), size=replicates)


def band(values: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper bound of the central `level` of `values` [replicates, ...], by percentiles."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return low, high


def bootstrap_people(
    statistic: Callable[[np.ndarray], float], people: int, replicates: int = REPLICATES, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of `statistic(weights)`, weights float64 [people] of one draw of people.

    Draws on which the statistic is not defined (nan) are left out; both bounds are nan when all are.
    """
    draws = people_weights(people, replicates, seed).astype(np.float64)
    values = np.array([statistic(weights) for weights in draws])
    known = values[~np.isnan(values)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = band(known)
    return float(low), float(high)
