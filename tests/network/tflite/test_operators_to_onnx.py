"""The operators that TFLite files bring go to ONNX, run on onnxruntime, and come back."""

from pathlib import Path

import numpy as np
import pytest
from random_files import MAKERS, draft_of

from microface.network import IntegerNetwork, Tensor
from microface.network.convert.onnx import import_bytes, onnx_bytes
from microface.network.convert.onnx.run import compare, run_file
from microface.network.convert.tflite import import_tflite
from microface.network.convert.tflite.write import model_bytes
from microface.network.ops import Prelu
from microface.network.ops.tflite import Lookup

SEEDS = range(4)
FEW = 4
"""So many integers more than a quarter may differ by 1: some tensors have a dozen."""
INT8 = [name for name in MAKERS if "int16" not in name]


def networks(name: str, folder: Path) -> list[IntegerNetwork]:
    """Return the int8 networks of one input and one output among some random files."""
    found = []
    for seed in SEEDS:
        path = folder / f"{seed}.tflite"
        draft = draft_of(name, seed)
        if "sums=halves" in draft.options:  # where two roundings differ by intention
            continue
        path.write_bytes(model_bytes(draft.model()))
        network = import_tflite(path).network
        ends = [network.tensors[each].dtype for each in (*network.inputs, *network.outputs)]
        found += [network] if ends == ["s8", "s8"] else []
    return found


def check(network: IntegerNetwork) -> None:
    """Compare with onnxruntime there, and after the way back."""
    x = np.random.default_rng(0).integers(-128, 128, (3, *network.input.shape)).astype(np.int8)
    data = onnx_bytes(network)
    gap = np.abs(network.run(x).astype(int) - run_file(data, network.input, network.output, x))
    assert gap.max() <= 1 and (gap > 0).sum() <= 0.25 * gap.size + FEW
    back = import_bytes(data, Path("back.onnx"))
    assert back.network.output.shape == network.output.shape
    alone = compare(back, data, x)
    assert alone.single_largest <= 1 and alone.single <= 0.25 * alone.integers + FEW


@pytest.mark.parametrize("name", INT8)
def test_operators_run_on_onnxruntime_and_come_back(name: str, tmp_path: Path) -> None:
    for network in networks(name, tmp_path):
        check(network)


def test_most_operators_have_one_input_and_one_output(tmp_path: Path) -> None:
    compared = [name for name in INT8 if networks(name, tmp_path)]
    assert len(compared) >= len(INT8) - 4, set(INT8) - set(compared)


def test_any_table_and_slopes_go_to_onnx_and_come_back() -> None:
    tensors = {name: Tensor(name, (3, 4, 2), "s8", scale, 5) for name, scale in (("input", 0.5), ("y", 0.5))}
    table = np.random.default_rng(3).integers(-128, 128, 256).astype(np.int8)
    slopes = Prelu.with_slopes("y", "input", "y", np.array([0.3, -1.2]))
    for op in (Lookup("y", ("input",), "y", table), slopes):
        check(IntegerNetwork("one", tensors, (op,), ("input",), ("y",)))
