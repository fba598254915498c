"""Random chains of operators that run as one: inverted residuals with factors that suit the values within."""

import numpy as np
from hypothesis import strategies as st
from kernel_cases import ZERO_POINTS, Case, Draw, bytes_of, range_of, rng_of, rule_for, weight_bits

from microface.network import IntegerNetwork, Tensor
from microface.network.ops import Add, Conv2D, DepthwiseConv2D, Operator
from microface.network.requantise import NoRequantise


@st.composite
def inverted_residuals(draw: Draw) -> Case:
    """Expansion (or none), 3x3 depthwise, projection, addition (or none), with factors that fill the ranges."""
    rows, columns = draw(st.integers(3, 13)), draw(st.integers(3, 13))
    inputs, wide = draw(st.integers(1, 17)), 2 * draw(st.integers(1, 12))
    expands, stride = draw(st.booleans()), draw(st.sampled_from([1, 1, 2]))
    inputs = inputs if expands else wide
    adds = stride == 1 and inputs >= 2 and inputs <= wide and draw(st.booleans())
    source = Tensor("x", (rows, columns, inputs), "s8", 1.0, draw(ZERO_POINTS))
    chain = _Chain(draw, {"x": source}, {"x": bytes_of(draw, source.shape)})
    prelus = draw(st.booleans())
    if expands:
        chain.append(Conv2D, "expand", (wide, 1, 1, inputs), prelus)
    # Padding as the frameworks have it: one on all sides, or where the output needs it.
    padding = draw(st.sampled_from([(1, 1, 1, 1), (0, 1, 0, 1)])) if stride == 2 else (1, 1, 1, 1)
    chain.append(DepthwiseConv2D, "depthwise", (3, 3, wide), prelus, stride=(stride, stride), padding=padding)
    chain.append(Conv2D, "project", (inputs if adds else draw(st.integers(2, 9)), 1, 1, wide), False)
    if adds:
        chain.add(draw(st.permutations(["x", chain.last])))
    return chain.case()


class _Chain:
    """Appends operators with random weights whose factors suit the values that reach them."""

    def __init__(self, draw: Draw, tensors: dict[str, Tensor], values: dict[str, np.ndarray]) -> None:
        self.draw, self.tensors, self.values = draw, tensors, values
        self.operators: list[Operator] = []
        self.last = "x"

    def append(self, make: type, name: str, weights: tuple[int, ...], prelu: bool, **more: object) -> None:
        source, outputs = self.tensors[self.last], weights[-1] if make is DepthwiseConv2D else weights[0]
        bits = weight_bits(self.draw)
        taps, bias = bytes_of(self.draw, weights), rng_of(self.draw).integers(-500, 500, outputs).astype(np.int32)
        taps, more["weight_bits"] = taps >> (8 - bits), bits
        raw = make(name, (source.name,), name, taps, bias, NoRequantise(), **more)
        largest = int(np.abs(raw.run([self.values[source.name][None]], [source])).max())
        whole = self.draw(st.integers(0, 3)) > 0
        ends = (-128, 127) if whole else range_of(self.draw)
        rule = rule_for(self.draw, raw.bound(source), largest, ends, prelu)
        op = make(name, (source.name,), name, taps, bias, rule, **more)
        self._keep(op, Tensor(name, op.shape(source.shape), "s8", 1.0, rule.zero_point))

    def add(self, names: list[str]) -> None:
        a, b = (self.tensors[name] for name in names)
        output = Tensor("sum", a.shape, "s8", 2.0 ** self.draw(st.floats(-1, 3)), self.draw(ZERO_POINTS))
        self._keep(Add.between("sum", a, b, output, *range_of(self.draw)), output)

    def _keep(self, op: Operator, output: Tensor) -> None:
        inputs = [self.tensors[name] for name in op.inputs]
        result = op.run([self.values[name][None] for name in op.inputs], inputs)[0]
        self.tensors[output.name], self.values[output.name] = output, result.astype(np.int8)
        self.operators.append(op)
        self.last = output.name

    def case(self) -> Case:
        network = IntegerNetwork("case", self.tensors, tuple(self.operators), ("x",), (self.last,))
        return Case(network, [self.values["x"]])
