"""From a float graph and representative inputs to one that is ready for the accelerator: calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from microface.errors import UserError
from microface.learn.quant.calibrate import METHODS, Seen, observe
from microface.learn.quant.execute import activated, compute, execute, weights_of
from microface.learn.quant.graph import FloatGraph, Weighted
from microface.learn.quant.max78000.arrange import arranged
from microface.learn.quant.max78000.rounding import Arithmetic
from microface.learn.quant.max78000.scale import multiplied, scaled
from microface.learn.quant.max78000.weights import BITS, best_shift, step_of

_MENDED = 256
"""Most photos that biases are mended by."""
_GAINS = (1.0, 1.5, 2.0, 3.0)
"""How much larger the last values are tried: a mean is smaller than what it is of, and short of integers."""
_JUDGED = 64
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Fitted:
    """A graph whose values lie in [-1, 127/128] and whose weights have steps, one power of two per layer.

    A `wide` output is the 32-bit accumulator.
    """

    graph: FloatGraph
    wide: bool = False


@dataclass(frozen=True)
class FitOptions:
    """How to calibrate: ranges of values by `method`, `bits` by layer (8 unless told).

    `equalise` makes channels reach alike; `mend` takes the mean error of rounding into the biases. `wide`: the output
    is not rounded to 8 bits, as the classes of a classifier. `stretch`: layers of 8 bits get weights and biases so
    many times as large before their steps are chosen, as vendors' tools have it; values that leave the range are cut.
    """

    method: str = "mse"
    bits: Mapping[str, int] = field(default_factory=dict)
    equalise: bool = True
    mend: bool = True
    wide: bool = False
    stretch: float = 1.0

    def __post_init__(self) -> None:
        """Refuse ways and bits that there are none of."""
        if self.method not in METHODS:
            raise UserError(self.method, "is not a way to calibrate", f"choose one of {', '.join(METHODS)}")
        if wrong := next((bits for bits in self.bits.values() if bits not in BITS), None):
            raise UserError(f"{wrong} bits", "are not on this chip", "use 8, 4, 2 or 1")


def fit(graph: FloatGraph, batches: Sequence[Tensor], options: FitOptions) -> Fitted:
    """Return `graph` fitted for the accelerator by what `batches` [N, C, H, W] in [-1, 127/128] show of it."""
    ready = arranged(graph)
    ready = scaled(ready, observe(ready, batches), options.method, options.equalise, options.wide)
    x = torch.cat(list(batches))
    if options.wide:
        return _finished(ready, x, options)
    tried = [_finished(multiplied(ready, gain), x[:_JUDGED], options) for gain in _GAINS]
    best = int(np.argmax([_likeness(ready, fitted, x[:_JUDGED]) for fitted in tried]))
    return _finished(multiplied(ready, _GAINS[best]), x, options)


def _finished(graph: FloatGraph, x: Tensor, options: FitOptions) -> Fitted:
    """Return `graph`, whose values lie in range, stretched, with steps and mended biases."""
    graph = stretched(graph, options)
    seen = observe(graph, x.split(_BATCH))
    fitted = Fitted(with_steps(graph, seen, options.bits), options.wide)
    return mended(fitted, x[:_MENDED]) if options.mend else fitted


def stretched(graph: FloatGraph, options: FitOptions) -> FloatGraph:
    """Return `graph` with the weights and biases of its layers of 8 bits stretched by `options`."""
    eight = [node for node in graph.weighted() if options.bits.get(node.name, 8) == 8]
    gain = np.float32(options.stretch)
    return graph.with_weights({node.name: (gain * node.weights, gain * node.bias) for node in eight})


@torch.inference_mode()
def _likeness(graph: FloatGraph, fitted: Fitted, x: Tensor) -> float:
    """Return the mean cosine of the rounded outputs to those of the float `graph`."""
    arithmetic = Arithmetic(fitted.graph, fitted.wide)
    used = {name: pair for node in fitted.graph.weighted() for name, pair in arithmetic.weights(node)[1].items()}
    wanted = execute(graph, x, weights_of(graph), lambda _name, value: value)
    return float(functional.cosine_similarity(execute(fitted.graph, x, used, arithmetic.round), wanted).mean())


def with_steps(graph: FloatGraph, seen: Mapping[str, Seen], bits: Mapping[str, int]) -> FloatGraph:
    """Return `graph` with the steps of all weights chosen for the inputs that were `seen`."""
    nodes = {node.name: with_step(node, seen, bits.get(node.name, 8)) for node in graph.weighted()}
    return graph.changed(nodes)


def with_step(node: Weighted, seen: Mapping[str, Seen], bits: int) -> Weighted:
    """Return `node` with `bits` and the step chosen for its inputs that were `seen`."""
    source = node.inputs[0]
    power = 1 / 3 if source == FloatGraph.INPUT else float(np.square(seen[source].sample).mean())
    shift = best_shift(node.weights, node.bias, bits, power)
    return replace(node, bits=bits, steps=np.full(len(node.bias), step_of(shift, bits)))


@torch.inference_mode()
def mended(fitted: Fitted, x: Tensor) -> Fitted:
    """Return `fitted` with biases that take the mean error of rounding out of every channel, layer by layer.

    `x` float [N, C, H, W] goes through the float and the rounded network side by side; the mean is over it and over
    the map (Nagel et al. 2019, section 4.2, with data).
    """
    graph, arithmetic = fitted.graph, Arithmetic(fitted.graph, fitted.wide)
    exact, values = {FloatGraph.INPUT: x}, {FloatGraph.INPUT: x}
    biases: dict[str, np.ndarray] = {}
    for place, node in enumerate(graph.nodes):
        own, used = arithmetic.weights(node)
        wanted = compute(node, [exact[name] for name in node.inputs], own)
        got = compute(node, [values[name] for name in node.inputs], used)
        if isinstance(node, Weighted):
            error = (wanted - got).mean((0, 2, 3))
            biases[node.name] = node.bias + error.numpy()
            got = compute(node, [values[name] for name in node.inputs], arithmetic.weights(node, biases[node.name])[1])
        exact[node.name] = activated(wanted, node.activation)
        values[node.name] = arithmetic.round(node.name, activated(got, node.activation))
        for name in {*node.inputs} - {name for later in graph.nodes[place + 1 :] for name in later.inputs}:
            del exact[name], values[name]  # maps of hundreds of photos take much memory
    return replace(fitted, graph=graph.changed({n.name: replace(n, bias=biases[n.name]) for n in graph.weighted()}))
