"""The integer network: tensors and operators in order, checked when it is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from microface.errors import UserError
from microface.network.ops import Cost, Operator
from microface.network.tensors import Tensor


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """What a chip computes. `operators` stand in the order in which they run; `tensors` by name."""

    name: str
    tensors: Mapping[str, Tensor]
    operators: tuple[Operator, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a network whose wiring, shapes, zero points or accumulator bounds do not hold."""
        known = set(self.inputs)
        for names, what in ((self.inputs, "input"), (self.outputs, "output")):
            if len(set(names)) != len(names):
                raise UserError(f"network {self.name}", f"names an {what} twice", "name each once")
        for operator in self.operators:
            self._check(operator, known)
            known.add(operator.output)
        if missing := set(self.outputs) - known:
            raise UserError(f"network {self.name}", f"never computes {sorted(missing)}", "fix its outputs")

    def _check(self, operator: Operator, known: set[str]) -> None:
        where = f"operator {operator.name}"
        if missing := set(operator.inputs) - known:
            raise UserError(where, f"reads {sorted(missing)} before they are computed", "order the operators")
        if operator.output in known:
            raise UserError(where, f"writes {operator.output} a second time", "name each output once")
        inputs, output = self.inputs_of(operator), self.tensors[operator.output]
        shape = operator.shape(*(tensor.shape for tensor in inputs))
        if shape != output.shape:
            raise UserError(where, f"gives {shape}, but {output.name} is {output.shape}", "fix the tensor's shape")
        requantise = getattr(operator, "requantise", None)
        if requantise is not None and requantise.zero_point != output.zero_point:
            raise UserError(where, "requantises to another zero point than its output's", "lower it again")
        operator.check(inputs, output)

    @property
    def input(self) -> Tensor:
        """The only input; a `UserError` where there are several."""
        return self._single(self.inputs, "inputs")

    @property
    def output(self) -> Tensor:
        """The only output; a `UserError` where there are several."""
        return self._single(self.outputs, "outputs")

    @property
    def has_one_of_each(self) -> bool:
        """Say whether it has one input and one output, as networks of faces do."""
        return len(self.inputs) == len(self.outputs) == 1

    def _single(self, names: tuple[str, ...], what: str) -> Tensor:
        if len(names) != 1:
            given = f"has {len(names)} {what} ({', '.join(names)})"
            raise UserError(f"network {self.name}", given, "this step needs exactly one")
        return self.tensors[names[0]]

    def inputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that `operator` reads."""
        return [self.tensors[name] for name in operator.inputs]

    def cost_of(self, operator: Operator) -> Cost:
        """Return what `operator` costs in this network."""
        return operator.cost(*(tensor.shape for tensor in self.inputs_of(operator)))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(self.cost_of(operator).macs for operator in self.operators)

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights and biases, without kernel padding."""
        return sum(self.cost_of(operator).constant_bytes for operator in self.operators)

    def steps(self, x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield every tensor's name and integers [N, H, W, C] in order, the only input `x` first."""
        return self.steps_of({self.input.name: x})

    def steps_of(self, inputs: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
        """Yield every tensor's name and integers [N, H, W, C] in order, for `inputs` by name."""
        values = self.checked(inputs)
        yield from list(values.items())
        for operator in self.operators:
            result = self.result_of(operator, values, len(values[self.inputs[0]]))
            values[operator.output] = result.astype(self.tensors[operator.output].numpy_dtype)
            yield operator.output, values[operator.output]

    def result_of(self, operator: Operator, values: Mapping[str, np.ndarray], batch: int) -> np.ndarray:
        """Return what `operator` gives for `values` by name: integers [batch, H, W, C], constants the same for all."""
        result = operator.run([values[name] for name in operator.inputs], self.inputs_of(operator))
        return result if operator.inputs else np.repeat(result, batch, axis=0)

    def checked(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return `inputs` by name in the network's order; a `UserError` unless all are there and fit."""
        if set(inputs) != set(self.inputs):
            given, wanted = ", ".join(inputs) or "nothing", ", ".join(self.inputs)
            raise UserError(f"network {self.name}", f"is given {given}", f"it takes {wanted}")
        for name in self.inputs:
            source, x = self.tensors[name], inputs[name]
            if x.shape[1:] != source.shape or x.dtype != source.numpy_dtype:
                wanted = f"{source.dtype} [N, {', '.join(map(str, source.shape))}]"
                raise UserError(name, f"is {x.dtype} {list(x.shape)}, the network takes {wanted}", "prepare it again")
        if len({len(inputs[name]) for name in self.inputs}) > 1:
            raise UserError(f"network {self.name}", "is given inputs of several lengths", "give as many of each")
        return {name: inputs[name] for name in self.inputs}

    def run_of(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs' integers [N, H, W, C] by name, for `inputs` by name."""
        values = dict(self.steps_of(inputs))
        return {name: values[name] for name in self.outputs}

    def run_all(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return every tensor's integers [N, H, W, C] for inputs `x`."""
        return dict(self.steps(x))

    def run(self, x: np.ndarray) -> np.ndarray:
        """Return the only output's integers [N, H, W, C] for inputs `x` [N, H, W, C] of the input's type."""
        return self.run_all(x)[self.output.name]
