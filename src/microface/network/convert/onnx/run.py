"""What onnxruntime computes with a file, and by how much our integers differ from its own.

onnxruntime requantises in float32 and rounds halves to even; our operators multiply by one integer. So single
integers may differ by rounding, and later tensors by what follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from onnx import helper

from microface.errors import UserError
from microface.network.convert.onnx.importing import Imported
from microface.network.tensors import Tensor

_BYTES = {"uint8": 128, "int8": 0}


@dataclass(frozen=True)
class TensorDifference:
    """Over `tensors` tensors and all inputs: how many of the `integers` differ, and by how much at most.

    `single` counts each operator by itself, on onnxruntime's own integers; `whole` from the network's input on.
    """

    tensors: int
    integers: int
    single: int
    single_largest: int
    whole: int
    whole_largest: int


class Session:
    """A quantised ONNX file on onnxruntime, with every integer tensor as output. Fusing is its default optimisation."""

    def __init__(self, data: bytes, fuse: bool = True) -> None:
        import onnxruntime

        model = onnx.load_from_string(data)
        declared = {value.name for value in model.graph.output}
        self.outputs = tuple(value.name for value in model.graph.output)
        self.names = tuple(self._integers(model))
        extra = [helper.make_empty_tensor_value_info(name) for name in self.names if name not in declared]
        model.graph.output.extend(extra)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        if not fuse:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own kinds have no public base class
            raise UserError(model.graph.name, "does not run on onnxruntime", "export it again") from error

    @staticmethod
    def _integers(model: onnx.ModelProto) -> Sequence[str]:
        """Return what QuantizeLinear and the QLinear operators write."""
        kinds = ("QuantizeLinear", "QGemm")
        nodes = [node for node in model.graph.node if node.op_type in kinds or node.op_type.startswith("QLinear")]
        return [node.output[0] for node in nodes]

    @cached_property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """Name and onnxruntime's type of each input."""
        return tuple((each.name, each.type) for each in self._session.get_inputs())

    def _sizes(self) -> list[int]:
        """Return the sizes of the first input without its batch."""
        return [int(size) for size in self._session.get_inputs()[0].shape[1:]]

    def run(self, feed: dict[str, np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
        """Return the values `names` for inputs with a batch of 1."""
        return [np.asarray(value) for value in self._session.run(list(names), feed)]

    def fed(self, x: np.ndarray, source: Tensor) -> dict[str, np.ndarray]:
        """Return the feed of one input int8 [H, W, C], as real values or as the file's integers."""
        name, kind = self.inputs[0]
        turned = x.transpose(2, 0, 1).reshape(1, *self._sizes())
        if "float" in kind:
            return {name: ((turned.astype(np.int32) - source.zero_point) * np.float32(source.scale)).astype(np.float32)}
        return {name: turned if kind == "tensor(int8)" else (turned.astype(np.int32) + 128).astype(np.uint8)}


def compare(imported: Imported, data: bytes, x: np.ndarray, fuse: bool = True) -> TensorDifference:
    """Return the difference to onnxruntime in every tensor, over the inputs `x` int8 [N, H, W, C]."""
    session, network = Session(data, fuse), imported.network
    names = [name for name in session.names if name in imported.values]
    ours = network.run_all(x)
    theirs = [session.run(session.fed(each, network.input), names) for each in x]
    known = {name: _stacked(imported, name, [row[at] for row in theirs]) for at, name in enumerate(names)}
    held = {imported.values[name].tensor: integers for name, integers in known.items()}
    alone = _alone(imported, {network.input.name: x} | held)
    whole = [np.abs(ours[name].astype(int) - integers) for name, integers in held.items()]
    single = [np.abs(alone[name].astype(int) - integers) for name, integers in held.items() if name in alone]
    return TensorDifference(len(held), sum(each.size for each in whole), *_count(single), *_count(whole))


def _count(gaps: Sequence[np.ndarray]) -> tuple[int, int]:
    return sum(int((gap > 0).sum()) for gap in gaps), max((int(gap.max()) for gap in gaps), default=0)


def _stacked(imported: Imported, name: str, rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return onnxruntime's integers of a value as ours: int8 [N, H, W, C]."""
    shape = imported.network.tensors[imported.values[name].tensor].shape
    whole = np.concatenate([row.reshape(1, shape[2], shape[0], shape[1]) for row in rows]).transpose(0, 2, 3, 1)
    return whole.astype(np.int32) - _BYTES[str(whole.dtype)]


def _alone(imported: Imported, held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what each operator gives for the input and onnxruntime's integers, `held` by name."""
    network = imported.network
    values = {name: integers.astype(np.int8) for name, integers in held.items()}
    batch = max(map(len, values.values()), default=1)
    results: dict[str, np.ndarray] = {}
    for op in network.operators:
        results[op.output] = network.result_of(op, values, batch)
        values.setdefault(op.output, results[op.output].astype(np.int8))
    return results


def run_file(data: bytes, source: Tensor, result: Tensor, x: np.ndarray) -> np.ndarray:
    """Return what onnxruntime gives for inputs `x` int8 [N, H, W, C], as integers of our tensor `result`."""
    session = Session(data)
    real = np.concatenate([session.run(session.fed(each, source), session.outputs[:1])[0] for each in x])
    integers = np.rint(real.astype(np.float64) / np.float32(result.scale)) + result.zero_point
    rows, columns, channels = result.shape
    return np.asarray(integers.reshape(len(x), channels, rows, columns).transpose(0, 2, 3, 1)).astype(np.int64)
