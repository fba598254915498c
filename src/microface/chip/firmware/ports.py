"""A network's inputs and outputs as its C names them.

An only input or output bears the plain names (`mf_network_input`, `MF_INPUT_SIZE`, the type `mf_input`); one of several
has its own name behind them (`mf_network_input_left`, `MF_INPUT_LEFT_SIZE`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from microface.chip.firmware.model import Model
from microface.chip.firmware.tables import c_names
from microface.errors import UserError
from microface.network.tensors import Tensor

C_TYPES = {"s8": "int8_t", "s16": "int16_t", "s32": "int32_t"}
_ALLOWED = {"input": ("s8", "s16"), "output": tuple(C_TYPES)}


@dataclass(frozen=True)
class Port:
    """`tensor` is an input or output, as `side` says; `suffix` is "" or the C name of one of several behind a `_`."""

    side: str
    suffix: str
    tensor: Tensor

    @property
    def variable(self) -> str:
        """Its name as a parameter."""
        return f"{self.side}{self.suffix}"

    @property
    def getter(self) -> str:
        """The function that returns its place."""
        return f"mf_network_{self.variable}"

    @property
    def constant(self) -> str:
        """What the names of its sizes begin with."""
        return f"MF_{self.variable.upper()}"

    @property
    def value_type(self) -> str:
        """The C type of its values by size: `int8_t`, `int16_t` or `int32_t`."""
        return C_TYPES[self.tensor.dtype]

    @property
    def c_type(self) -> str:
        """The C type of its values as the interface writes it."""
        return self.value_type if self.suffix else f"mf_{self.side}"

    @property
    def layer(self) -> str:
        """Its name among the steps of the known-answer test."""
        return f"{self.side} {self.tensor.name}" if self.suffix else self.side


@dataclass(frozen=True)
class Ports:
    """All inputs and outputs, in the network's order."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @classmethod
    def of(cls, model: Model) -> "Ports":
        """Return those of `model`; what firmware cannot carry is a `UserError`."""
        network = model.network
        if model.embeds and (network.input.dtype, network.output.dtype) != ("s8", "s8"):
            what = f"takes {network.input.dtype} and gives {network.output.dtype}"
            raise UserError(f"network {model.name}", what, "firmware that knows people takes s8 and gives s8")
        sides = (("input", network.inputs), ("output", network.outputs))
        return cls(*(_ports(side, [network.tensors[name] for name in names], model.name) for side, names in sides))

    @property
    def all(self) -> tuple[Port, ...]:
        """The inputs, then the outputs."""
        return (*self.inputs, *self.outputs)


def _ports(side: str, tensors: Sequence[Tensor], network: str) -> tuple[Port, ...]:
    names = c_names(tensor.name for tensor in tensors)
    for tensor in tensors:
        if tensor.dtype not in _ALLOWED[side]:
            mend = f"firmware has {side}s of {', '.join(_ALLOWED[side])}"
            raise UserError(f"network {network}", f"has the {side} {tensor.name} of {tensor.dtype}", mend)
    suffixes = [f"_{names[tensor.name]}" if len(tensors) > 1 else "" for tensor in tensors]
    return tuple(Port(side, suffix, tensor) for suffix, tensor in zip(suffixes, tensors, strict=True))


def output_type(model: Model) -> str:
    """Return the C type of the only output's values."""
    (port,) = Ports.of(model).outputs
    return port.value_type
