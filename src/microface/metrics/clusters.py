"""Rates over examples that come in clusters: windows of one picture, photos of one person."""

import numpy as np


def clustered_rate(hits: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Return the share of true values in `hits` bool [N] and its standard error by `clusters` int [N].

    Examples of one cluster are alike, so only clusters count as drawn: the error is that of a ratio of sums over
    clusters, sqrt(m / (m - 1) * sum (h_c - rate * n_c)^2) / N (Cochran 1977, section 6.4); nan for fewer than two.
    """
    if not len(hits):
        return float("nan"), float("nan")
    _, numbers = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(numbers).astype(np.float64)
    found = np.bincount(numbers, weights=hits.astype(np.float64))
    rate, count = float(found.sum() / sizes.sum()), len(sizes)
    if count < 2:
        return rate, float("nan")
    spread = np.square(found - rate * sizes).sum() * count / (count - 1)
    return rate, float(np.sqrt(spread) / sizes.sum())
