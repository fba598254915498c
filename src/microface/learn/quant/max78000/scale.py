"""Values brought into [-1, 1) by factors that weights take up: the accelerator has one scale for all values."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from microface.learn.quant.calibrate import METHODS, Affine, Seen, merged
from microface.learn.quant.graph import FloatGraph, Weighted

_MOST = 8.0
_SHRINKS = np.linspace(1.0, 0.4, 61)


def groups(graph: FloatGraph) -> dict[str, str]:
    """Return for every value the first one whose factors it shares: only weights can change them."""
    first = {FloatGraph.INPUT: FloatGraph.INPUT}
    for node in graph.nodes:
        first[node.name] = node.name
        if not isinstance(node, Weighted):
            members = {first[name] for name in (*node.inputs, node.name)}
            chosen = next(name for name in first if name in members)
            first = {name: chosen if owner in members else owner for name, owner in first.items()}
    return first


def scaled(graph: FloatGraph, seen: Mapping[str, Seen], method: str, equalise: bool, wide: bool) -> FloatGraph:
    """Return the same function times a factor at the output, its values within [-1, 1) but for what `method` cuts.

    With `equalise`, channels that reach less far are enlarged besides, at most 8 times. A `wide` output has no range.
    """
    owner = groups(graph)
    last = owner[graph.output.name]
    factors: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(owner.values()):
        members = [member for member, chosen in owner.items() if chosen == name and member != FloatGraph.INPUT]
        channels = graph.shape_of(name)[0]
        factors[name] = np.ones(channels, np.float64)
        if name != FloatGraph.INPUT and not (wide and name == last):
            factors[name] /= _reach([seen[m] for m in members], method)
            if equalise and name != last:
                factors[name] *= _boosts(members, seen)
    nodes = {n.name: _rescaled(n, graph, factors[owner[n.inputs[0]]], factors[owner[n.name]]) for n in graph.weighted()}
    return graph.changed(nodes)


def multiplied(graph: FloatGraph, gain: float) -> FloatGraph:
    """Return `graph` with its output, and what shares its factor, `gain` times as large."""
    owner = groups(graph)
    nodes = [node for node in graph.weighted() if owner[node.name] == owner[graph.output.name]]
    scaled_up = {n.name: (np.float32(gain) * n.weights, np.float32(gain) * n.bias) for n in nodes}
    return graph.with_weights(scaled_up)


def _reach(members: list[Seen], method: str) -> float:
    """Return the range that `method` gives, or for mse the one with the least error of 8 signed bits."""
    together = merged(members)
    if method == "mse":
        return _least_squares(together)
    low, high = METHODS[method](together)
    return max(-low, high, 1e-6)


def _least_squares(seen: Seen) -> float:
    largest = max(-seen.low, seen.high, 1e-6)
    errors = [_error(seen.sample, largest * shrink) for shrink in _SHRINKS]
    return float(largest * _SHRINKS[int(np.argmin(errors))])


def _error(sample: np.ndarray, reach: float) -> float:
    return float(np.square(Affine(reach / 128, 0).rounded(sample) - sample).mean())


def _boosts(members: list[str], seen: Mapping[str, Seen]) -> np.ndarray:
    reaches = [reach for name in members if (reach := seen[name].reach) is not None]
    reach = np.maximum(np.max(reaches, axis=0), 1e-9).astype(np.float64)
    return np.clip(np.sqrt(reach.max() / reach), 1.0, _MOST)


def _rescaled(node: Weighted, graph: FloatGraph, source: np.ndarray, output: np.ndarray) -> Weighted:
    """Return `node` for inputs that are `source` [I] times as large, with outputs `output` [O] times as large.

    ReLU6 becomes ReLU: 6 lies at or beyond the end of the range.
    """
    rows = node.weights.reshape(len(output), len(source), -1) * output[:, None, None] / source[None, :, None]
    activation = "relu" if node.activation else ""
    weights = rows.reshape(node.weights.shape).astype(np.float32)
    return replace(node, weights=weights, bias=(node.bias * output).astype(np.float32), activation=activation)
