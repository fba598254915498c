"""A linear map of the embedding that makes its errors alike in all directions, folded into the last layer.

Small students err more in some directions than in others. From photos of people who have several, and from what is
left of the student's embeddings when the teacher's are taken away, the covariance of those errors is known; its
inverse root (within-class covariance normalisation, Hatch and Stolcke 2006, with both covariances added) weighs every
direction by how far it can be trusted. Costs nothing at run time, and afterwards a shorter embedding does as well.
Few photos say little of that: the fewer, the less directions are weighed.
"""

from dataclasses import replace

import numpy as np

from microface.console import console
from microface.errors import UserError
from microface.learn.quant.graph import Average, Convolution, FloatGraph, GlobalMean, Linear, Weighted
from microface.learn.train.data import Photos

LEAST_PHOTOS = 200
"""Fewer photos do not tell which half of an embedding can go: it keeps its length."""
_ROTATION_SEED = 20_260_101


def sample_of(photos: Photos, count: int, seed: int) -> np.ndarray:
    """Return up to about `count` rows of `photos`: whole people with two photos or more, then any others."""
    random = np.random.default_rng(seed)
    people, numbers = np.unique(photos.people[photos.people >= 0], return_counts=True)
    several = random.permutation(people[numbers > 1])
    rank = np.full(int(photos.people.max(initial=-1)) + 2, len(several))
    rank[several] = np.arange(len(several))
    place = rank[photos.people]  # unnamed photos (-1) read the last entry, which nobody has
    order = np.lexsort((random.permutation(len(photos)), place))
    return order[:count]


def kept_size(wanted: int, whole: int, photos: int) -> int:
    """Return the values of an embedding of `whole` that `photos` photos allow, `wanted` at best; say so if it differs.

    Held-out people are told apart less well by 256 of 512 values chosen on fewer photos than by all 512.
    """
    if wanted >= whole or photos >= LEAST_PHOTOS:
        return min(wanted, whole)
    told = f"the embedding keeps its {whole} values: {photos} photos do not tell which {wanted} would do"
    console.print(f"{told}, {LEAST_PHOTOS} would")
    return whole


def whiten(graph: FloatGraph, embeddings: np.ndarray, photos: Photos, size: int) -> tuple[FloatGraph, np.ndarray]:
    """Return `graph` with the map that its `embeddings` [N, D] of `photos` ask for folded in, and what they become.

    The whitened embeddings have `size` values.
    """
    last = head_of(graph)
    if last is None or size > len(last.bias):
        raise UserError(f"embedding of {size}", f"does not fit {graph.name}", f"use {graph.output.shape[0]} or less")
    mean = embeddings.mean(axis=0, dtype=np.float64)
    turn = _map(embeddings - mean, photos, size)
    return mapped(graph, turn, -mean @ turn), (embeddings - mean) @ turn


def head_of(graph: FloatGraph) -> Weighted | None:
    """Return the node whose channels become the embedding by nothing but means; None where there is none."""
    node = graph.output
    while isinstance(node, GlobalMean | Average) and node.inputs[0] != FloatGraph.INPUT:
        node = graph.node(node.inputs[0])
    linear = isinstance(node, Linear) or (isinstance(node, Convolution) and not node.depthwise)
    return node if isinstance(node, Weighted) and linear and not node.activation else None


def mapped(graph: FloatGraph, turn: np.ndarray, shift: np.ndarray) -> FloatGraph:
    """Return `graph` with its embedding e [D] made e @ `turn` [D, size] + `shift` [size], folded into its head."""
    head, size = head_of(graph), turn.shape[1]
    if head is None:
        raise UserError(f"embedding of {graph.name}", "does not come from a linear layer", "use --size 0")
    weights = (turn.T @ head.weights.reshape(len(head.weights), -1).astype(np.float64)).astype(np.float32)
    changed = replace(head, weights=weights.reshape(size, *head.weights.shape[1:]))
    changed = replace(changed, bias=(head.bias.astype(np.float64) @ turn + shift).astype(np.float32))
    place = graph.nodes.index(head)
    after = [replace(node, shape=(size, *node.shape[1:])) for node in (changed, *graph.nodes[place + 1 :])]
    return replace(graph, nodes=(*graph.nodes[:place], *after))


def _map(centred: np.ndarray, photos: Photos, size: int) -> np.ndarray:
    """Return float64 [D, size]: the errors' inverse root, the leading directions after it, turned to equal shares."""
    errors = np.zeros((centred.shape[1], centred.shape[1]))
    if photos.targets.shape[1] == centred.shape[1]:
        errors += _unit_trace(shrunk_covariance(_left_of_teacher(centred, photos.targets), 1))
    if (within := _within_people(centred, photos.people)) is not None:
        errors += _unit_trace(shrunk_covariance(*within))
    if not errors.any():
        errors = np.eye(len(errors))
    values, vectors = np.linalg.eigh(errors + np.trace(errors) / len(errors) * np.eye(len(errors)))
    root = (vectors / np.sqrt(values)) @ vectors.T
    mapped = centred @ root
    mapped = mapped / np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
    leading = np.linalg.eigh(mapped.T @ mapped)[1][:, ::-1][:, :size]
    turn, _ = np.linalg.qr(np.random.default_rng(_ROTATION_SEED).normal(size=(size, size)))
    return np.asarray(root @ leading @ turn)


def _unit_trace(covariance: np.ndarray) -> np.ndarray:
    return np.asarray(covariance / max(float(np.trace(covariance)), 1e-12))


def shrunk_covariance(rows: np.ndarray, means: int = 0) -> np.ndarray:
    """Return float64 [D, D]: the covariance of `rows` [N, D] of mean 0, nearer to equal variances the fewer they are.

    By how much is Ledoit and Wolf 2004, lemma 3.2 ff.: (b^2 m I + (d^2 - b^2) S) / d^2, S = sum of x x' / N,
    m = trace(S) / D, d^2 = |S - m I|^2, b^2 = sum of |x x' - S|^2 / (N (N - `means`)), at most d^2. So many `means`
    were taken away of the rows themselves, which leaves as many fewer that say something of their own.
    """
    count, size = rows.shape
    sample = rows.T @ rows / count
    equal = np.trace(sample) / size * np.eye(size)
    spread = float(np.square(sample - equal).sum())
    fourth = float(np.square(np.square(rows).sum(axis=1)).sum())
    noise = min((fourth / count - float(np.square(sample).sum())) / max(1, count - means), spread)
    share = noise / spread if spread > 0 else 1.0
    return np.asarray(share * equal + (1 - share) * sample)


def _left_of_teacher(centred: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return [N, D]: what the student says beyond its share of the teacher's embedding, less the mean."""
    share = float((centred * targets).sum() / (targets * targets).sum())
    left = centred - share * targets
    return np.asarray(left - left.mean(axis=0), np.float64)


def _within_people(centred: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Return embeddings [n, D] of people with several photos about their mean, and how many people; or None."""
    named = people >= 0
    _, owner, numbers = np.unique(people[named], return_inverse=True, return_counts=True)
    if not (numbers > 1).any():
        return None
    sums = np.zeros((len(numbers), centred.shape[1]))
    np.add.at(sums, owner, centred[named])
    several = numbers[owner] > 1
    left = (centred[named] - (sums / numbers[:, None])[owner])[several]
    return left.astype(np.float64), int((numbers > 1).sum())
