"""Our networks as TFLite files: LiteRT computes what we say it does, and the way back gives the same network."""

from pathlib import Path

import numpy as np
import pytest

from bent_networks import with_prelus
from exported_networks import small_network
from litert import differing, reference
from microface.errors import UserError
from microface.network import IntegerNetwork, Tensor, digest
from microface.network.anchor import RandomBuilder
from microface.network.convert.compare import difference
from microface.network.convert.tflite import import_bytes, import_tflite, tflite_bytes
from microface.network.ops import Conv2D


def through(network: IntegerNetwork) -> IntegerNetwork:
    """Return `network` written and read again."""
    return import_bytes(tflite_bytes(network), Path(f"{network.name}.tflite")).network


@pytest.mark.parametrize("seed", range(5))
def test_litert_runs_the_exported_file_to_the_bits_of_the_import(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(tflite_bytes(small_network(seed), {"licence": "made up"}))
    imported = import_tflite(path)
    for _ in range(3):
        x = np.random.default_rng(seed).integers(-128, 128, (1, 16, 16, 3)).astype(np.int8)
        ours = imported.network.run_all(x)
        assert differing(imported, ours, reference(path, {0: x})) == []


@pytest.mark.parametrize("seed", range(3))
def test_prelus_of_layers_are_operators_of_their_own(seed: int, tmp_path: Path) -> None:
    network = with_prelus(small_network(seed), seed=seed)
    path, x = tmp_path / "bent.tflite", np.random.default_rng(seed).integers(-128, 128, (1, 16, 16, 3)).astype(np.int8)
    path.write_bytes(tflite_bytes(network))
    imported = import_tflite(path)
    assert [op.kind for op in imported.network.operators].count("tflite_prelu") == 5
    assert differing(imported, imported.network.run_all(x), reference(path, {0: x})) == []
    assert difference(network, imported.network, np.repeat(x, 4, 0)).cosine > 0.97


def test_the_way_there_and_back_gives_the_same_network() -> None:
    once = through(small_network())
    assert digest(through(once)) == digest(once)
    assert tflite_bytes(once) == tflite_bytes(through(once))


def test_the_anchor_goes_there_and_back(shared: Path) -> None:
    anchor = import_tflite(shared / "anchors" / "mnv2_05_96.tflite").network
    assert digest(through(anchor)) == digest(anchor)


def test_the_difference_is_told() -> None:
    network = small_network()
    other = through(network)
    x = np.random.default_rng(0).integers(-128, 128, (20, 16, 16, 3)).astype(np.int8)
    found = difference(network, other, x)
    gap = np.abs(network.run(x).astype(int) - other.run(x).astype(int))
    assert found.largest == gap.max() and found.share == (gap > 0).mean() and found.cosine > 0.99
    assert difference(network, network, x).equal


def test_padding_that_tflite_does_not_know_becomes_a_pad_and_comes_back() -> None:
    builder = RandomBuilder((8, 8, 3), 3)
    builder.conv("first", "input", 4, kernel=3)
    network = builder.build("padded")
    conv = network.operators[0]
    assert isinstance(conv, Conv2D)
    fields = {name: getattr(conv, name) for name in ("name", "inputs", "output", "weights", "bias", "requantise")}
    wide = Conv2D(**fields, stride=(2, 2), padding=(1, 1, 1, 1))
    output = Tensor("first", (4, 4, 4), "s8", network.output.scale, network.output.zero_point)
    tensors = {"input": network.input, "first": output}
    padded = IntegerNetwork("padded", tensors, (wide,), ("input",), ("first",))
    back = through(padded)
    assert [op.kind for op in back.operators] == ["conv2d"]
    assert back.operators[0].padding == (1, 1, 1, 1)


def test_what_tflite_cannot_say_is_named() -> None:
    network = small_network()
    conv = network.operators[0]
    rule = type(conv.requantise)(conv.requantise.left, conv.requantise.multiplier, conv.requantise.zero_point, -100, 90)
    fields = {
        name: getattr(conv, name) for name in ("name", "inputs", "output", "weights", "bias", "stride", "padding")
    }
    cut = Conv2D(**fields, requantise=rule)
    odd = IntegerNetwork("odd", network.tensors, (cut, *network.operators[1:]), network.inputs, network.outputs)
    with pytest.raises(UserError, match=r"operator stem: cuts to -100..90"):
        tflite_bytes(odd)
