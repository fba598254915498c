"""Principal components, and what differs between people and within one."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """A mean [p] and orthonormal directions [k, p]."""

    mean: np.ndarray
    directions: np.ndarray

    def coefficients(self, rows: np.ndarray) -> np.ndarray:
        """Return the coefficients [n, k] of `rows` [n, p]."""
        return np.asarray((rows - self.mean) @ self.directions.T)

    def rebuild(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the rows [n, p] of `coefficients` [n, k]."""
        return np.asarray(self.mean + coefficients @ self.directions)


def principal(rows: np.ndarray, count: int, seed: int = 1) -> Components:
    """Return the first `count` principal components of `rows` [n, p] (float32), by a randomised range finder.

    Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011, algorithm 4.4 with
    two passes.
    """
    mean = rows.mean(axis=0)
    if count == 0:
        return Components(mean, np.zeros((0, rows.shape[1]), np.float32))
    moved = rows - mean
    basis = np.random.default_rng(seed).standard_normal((rows.shape[1], count + 10)).astype(np.float32)
    for _ in range(2):
        basis = np.linalg.qr(moved.T @ (moved @ basis))[0]
    _, _, right = np.linalg.svd(moved @ basis, full_matrices=False)
    return Components(mean, np.asarray((right @ basis.T)[:count], np.float32))


@dataclass(frozen=True)
class Spread:
    """Mean [d] of people, and matrices whose columns times standard normals draw a person and a picture of one."""

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray


def spread(rows: np.ndarray, people: tuple[str, ...], between: int, within: int, least: int = 3) -> Spread:
    """Return the spread of `rows` [n, d] of `people`, each space cut to its first dimensions.

    People of at least `least` rows count; the covariance between people is that of their means less the share of
    the one within (one-way analysis of variance).
    """
    _, who, counts = np.unique(np.array(people), return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), rows.shape[1]))
    np.add.at(means, who, rows)
    means /= counts[:, None]
    often = counts >= least
    rest = (rows - means[who])[often[who]]
    inside = rest.T @ rest / (len(rest) - often.sum())
    moved = means[often] - means[often].mean(axis=0)
    outside = moved.T @ moved / often.sum() - inside * np.mean(1 / counts[often])
    return Spread(means.mean(axis=0), _root(outside, between), _root(inside, within))


def _root(covariance: np.ndarray, count: int) -> np.ndarray:
    """Return the first `count` principal directions as columns, each as long as its standard deviation."""
    values, vectors = np.linalg.eigh(covariance)
    first = np.argsort(-values)[:count]
    return np.asarray(vectors[:, first] * np.sqrt(np.clip(values[first], 0, None)))
