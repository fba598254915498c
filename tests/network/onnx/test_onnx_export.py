"""Our networks as ONNX files in the QDQ form: onnxruntime runs them, and the way back gives the same network."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from bent_networks import with_prelus
from exported_networks import small_network
from microface.errors import UserError
from microface.network import IntegerNetwork, digest
from microface.network.convert.compare import difference_between
from microface.network.convert.onnx import import_bytes, onnx_bytes
from microface.network.convert.onnx.run import compare, run_file
from microface.network.facenets import facenet


def noise(network: IntegerNetwork, count: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(-128, 128, (count, *network.input.shape)).astype(np.int8)


@pytest.mark.parametrize("seed", range(4))
def test_onnxruntime_runs_the_exported_file(seed: int) -> None:
    network = small_network(seed)
    data, x = onnx_bytes(network, {"licence": "made up"}), noise(network)
    theirs = run_file(data, network.input, network.output, x)
    found = difference_between(network.run(x), theirs, (network.output.zero_point,) * 2)
    assert found.cosine > 0.999 and found.share < 0.2
    alone = compare(import_bytes(data, Path("small.onnx")), data, x)
    assert alone.tensors == len(network.tensors) and alone.single_largest <= 1
    assert alone.single <= 0.01 * alone.integers
    assert {each.key: each.value for each in onnx.load_from_string(data).metadata_props} == {"licence": "made up"}


def test_prelus_of_layers_are_quantised_once_there_and_back() -> None:
    network = with_prelus(small_network())
    data, x = onnx_bytes(network), noise(network)
    theirs = run_file(data, network.input, network.output, x)
    found = difference_between(network.run(x), theirs, (network.output.zero_point,) * 2)
    assert found.cosine > 0.999 and found.share < 0.2
    again = import_bytes(data, Path("bent.onnx"))
    kinds = [getattr(getattr(op, "requantise", None), "kind", "") for op in again.network.operators]
    assert kinds.count("highmul_prelu") == 5 and len(again.network.operators) == len(network.operators)
    assert compare(again, data, x).single_largest <= 1


def test_a_wrong_network_is_told_apart() -> None:
    network, other = small_network(1), small_network(2)
    x = noise(network)
    theirs = run_file(onnx_bytes(other), other.input, other.output, x)
    assert difference_between(network.run(x), theirs, (network.output.zero_point,) * 2).cosine < 0.9


def test_the_way_there_and_back_ends_in_one_network() -> None:
    network = small_network()
    convs = IntegerNetwork("part", network.tensors, network.operators[:4], ("input",), (network.operators[3].output,))
    once = import_bytes(onnx_bytes(convs), Path("part.onnx")).network
    assert [op.kind for op in once.operators] == [op.kind for op in convs.operators]
    twice = import_bytes(onnx_bytes(once), Path("part.onnx")).network
    assert digest(twice) == digest(once)


def test_equal_networks_give_equal_files() -> None:
    assert onnx_bytes(small_network()) == onnx_bytes(small_network())


def test_what_onnx_cannot_say_is_named() -> None:
    with pytest.raises(UserError, match="operator classifier: gives sums of 32 bits; ONNX takes bytes"):
        onnx_bytes(facenet("facenet_v7"))
