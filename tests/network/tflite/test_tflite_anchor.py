"""The anchor file: every tensor as LiteRT's reference kernels compute it, outputs as stored."""

from pathlib import Path

import numpy as np

from litert import differing, reference
from microface.network.convert.tflite import import_tflite
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
