"""The anchor file: every tensor as LiteRT's reference kernels compute it, outputs as stored."""

from pathlib import Path

import numpy as np

from litert import differing, reference
from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.network.anchor import anchor_network
from microface.network.convert.tflite import import_tflite, tflite_bytes
from microface.network.file import load_network, save_network


def test_every_tensor_of_the_anchor_is_the_same(shared: Path) -> None:
    path = shared / "anchors" / "mnv2_05_96.tflite"
    stored = np.load(shared / "anchors" / "mnv2_05_96_io.npz")
    imported = import_tflite(path)
    for x, y in zip(stored["inputs"], stored["outputs"], strict=True):
        ours = imported.network.run_all(x[None])
        assert np.array_equal(ours[imported.network.output.name].ravel(), y)
        assert len(imported.names) == 65
        assert differing(imported, ours, reference(path, {0: x[None]})) == []


def test_an_imported_network_is_saved_and_loaded(shared: Path, tmp_path: Path) -> None:
    network = import_tflite(shared / "anchors" / "mnv2_05_96.tflite").network
    save_network(network, tmp_path / "anchor.mfn")
    x = np.load(shared / "anchors" / "mnv2_05_96_io.npz")["inputs"][:1]
    assert np.array_equal(load_network(tmp_path / "anchor.mfn").run(x), network.run(x))


def test_a_network_like_the_anchor_is_the_same_and_takes_as_little(tmp_path: Path) -> None:
    path = tmp_path / "like.tflite"
    path.write_bytes(tflite_bytes(anchor_network()))
    imported = import_tflite(path)
    x = np.random.default_rng(0).integers(-128, 128, (1, *imported.network.input.shape)).astype(np.int8)
    assert differing(imported, imported.network.run_all(x), reference(path, {0: x})) == []
    planned = plan(imported.network, Target.load("stm32h743zi"))
    assert planned.arena_bytes < 64 * 1024 and planned.instructions < 28e6
