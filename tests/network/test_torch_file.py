"""Files for `torch.load`, written without torch."""

from pathlib import Path

import numpy as np
import torch

from microface.network.convert.torch_file import torch_file


def test_torch_reads_what_was_written(tmp_path: Path) -> None:
    weights = np.arange(24).reshape(2, 3, 4)[:, ::-1] - 12
    state = {"a.weight": weights, "a.shift": np.array([-2]), "b": np.array(1.5)}
    content = {"epoch": -3, "arch": "net", "state_dict": state}
    (tmp_path / "net.pth.tar").write_bytes(torch_file(content))
    read = torch.load(tmp_path / "net.pth.tar", weights_only=True)
    assert (read["epoch"], read["arch"], list(read["state_dict"])) == (-3, "net", ["a.weight", "a.shift", "b"])
    for name, values in state.items():
        assert read["state_dict"][name].dtype == torch.float32
        assert np.array_equal(read["state_dict"][name].numpy(), values)


def test_equal_contents_give_equal_bytes() -> None:
    assert torch_file({"a": np.ones(3)}) == torch_file({"a": np.ones(3)})
