"""Other people's operators go out again: every random file comes back as the same network, and LiteRT runs it."""

from pathlib import Path

import numpy as np
import pytest
from random_files import MAKERS, draft_of

from litert import reference
from microface.errors import UserError
from microface.network import IntegerNetwork, Tensor, digest
from microface.network.convert.tflite import import_bytes, import_tflite, tflite_bytes
from microface.network.convert.tflite.write import model_bytes
from microface.network.facenets import facenet
from microface.network.ops import AveragePool, Concat, MaxPool, Prelu, Window
from microface.network.ops.tflite import Lookup

SEEDS = range(3)


def drawn_inputs(network: IntegerNetwork, seed: int) -> dict[str, np.ndarray]:
    """Return integers of the inputs' types by name, [1, H, W, C]."""
    random = np.random.default_rng(seed)
    return {
        name: random.integers(tensor.lowest, tensor.highest + 1, (1, *tensor.shape)).astype(tensor.numpy_dtype)
        for name, tensor in network.tensors.items()
        if name in network.inputs
    }


def unlike_litert(network: IntegerNetwork, path: Path, seed: int) -> list[str]:
    """Return the outputs that LiteRT gives otherwise for `network` written to `path`."""
    path.write_bytes(tflite_bytes(network))
    inputs, back = drawn_inputs(network, seed), import_tflite(path)
    numbers = {name: number for number, name in back.names.items()}
    theirs = reference(path, {numbers[name]: values for name, values in inputs.items()})
    ours = dict(network.steps_of(inputs))
    return [name for name in network.outputs if not np.array_equal(ours[name].ravel(), theirs[numbers[name]].ravel())]


@pytest.mark.parametrize("name", MAKERS)
def test_random_files_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    for seed in SEEDS:
        path = tmp_path / f"{seed}.tflite"
        path.write_bytes(model_bytes(draft_of(name, seed).model()))
        network = import_tflite(path).network
        back = import_bytes(tflite_bytes(network), path).network
        assert digest(back) == digest(network), f"{name} {seed}"
        assert unlike_litert(network, tmp_path / "again.tflite", seed) == [], f"{name} {seed}"


def one(operator: object, *tensors: Tensor) -> IntegerNetwork:
    """Return the network of one operator from the first tensor to the last."""
    named = {tensor.name: tensor for tensor in tensors}
    return IntegerNetwork("one", named, (operator,), ("input",), (tensors[-1].name,))  # type: ignore[arg-type]


def table_network(table: np.ndarray) -> IntegerNetwork:
    """Return a network that looks bytes up in `table`."""
    tensors = (Tensor("input", (3, 4, 2), "s8", 0.5, 3), Tensor("y", (3, 4, 2), "s8", 0.25, -7))
    return one(Lookup("y", ("input",), "y", table), *tensors)


@pytest.mark.parametrize("seed", range(3))
def test_any_table_goes_out_and_comes_back(seed: int, tmp_path: Path) -> None:
    network = table_network(np.random.default_rng(seed).integers(-128, 128, 256).astype(np.int8))
    assert unlike_litert(network, tmp_path / "one.tflite", seed) == []
    assert digest(import_tflite(tmp_path / "one.tflite").network) == digest(network)


def test_a_pool_with_padding_of_its_own_goes_out_and_comes_back(tmp_path: Path) -> None:
    source, output = Tensor("input", (6, 7, 3), "s8", 0.5, 3), Tensor("y", (3, 4, 3), "s8", 0.5, 3)
    network = one(MaxPool("y", ("input",), "y", (3, 3), (2, 2), (1, 0, 2, 0)), source, output)
    assert unlike_litert(network, tmp_path / "one.tflite", 1) == []
    assert digest(import_tflite(tmp_path / "one.tflite").network) == digest(network)


def test_layers_of_an_accelerator_go_out_as_a_processors(tmp_path: Path) -> None:
    whole = facenet("facenet_v6")
    *layers, _ = whole.operators
    network = IntegerNetwork("v6", whole.tensors, tuple(layers), whole.inputs, (layers[-1].output,))
    back = import_bytes(tflite_bytes(network), Path("v6.tflite")).network
    assert [op.kind for op in back.operators].count("conv2d") == len(layers)
    x = drawn_inputs(network, 1)["input"]
    assert np.abs(network.run(x).astype(int) - back.run(x)).max() <= 1


def test_a_slope_for_every_channel_goes_out_in_bytes(tmp_path: Path) -> None:
    tensors = [Tensor(name, (4, 5, 3), "s8", 0.5, -20) for name in ("input", "y")]
    network = one(Prelu.with_slopes("y", "input", "y", np.array([0.25, -0.4, 1.6])), *tensors)
    back = import_bytes(tflite_bytes(network), Path("one.tflite")).network
    assert unlike_litert(back, tmp_path / "one.tflite", 1) == []
    x = drawn_inputs(network, 1)["input"]
    assert np.abs(network.run(x).astype(int) - back.run(x)).max() <= 1


def test_what_tflite_has_no_form_for_is_named() -> None:
    with pytest.raises(UserError, match="operator classifier: gives sums of 32 bits; TFLite takes bytes"):
        tflite_bytes(facenet("facenet_v7"))
    source, output = Tensor("input", (6, 7, 3), "s8", 0.5, 3), Tensor("y", (3, 4, 3), "s8", 0.25, 1)
    pool = AveragePool.between("y", source, output, Window((3, 3), (2, 2), (1, 0, 2, 0)))
    with pytest.raises(UserError, match=r"operator y: pads an average by \(1, 0, 2, 0\); .* use such a pool"):
        tflite_bytes(one(pool, source, output))


def test_a_gather_that_is_no_table_of_bytes_is_refused() -> None:
    data = bytearray(tflite_bytes(table_network(np.arange(-128, 128).astype(np.int8)[::-1])))
    place = data.index((128).to_bytes(4, "little"))
    data[place] = 127
    with pytest.raises(UserError, match=r"one\.tflite: operator"):
        import_bytes(bytes(data), Path("one.tflite"))


def test_channels_are_joined_by_our_own_operator() -> None:
    tensors = [Tensor(name, (2, 2, size), "s8", 0.5, 3) for name, size in (("input", 3), ("y", 6))]
    back = import_bytes(tflite_bytes(one(Concat("y", ("input", "input"), "y"), *tensors)), Path("one.tflite"))
    assert [op.kind for op in back.network.operators] == ["concat"]
