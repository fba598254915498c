"""The generated C under sanitizers: no undefined behaviour, no byte outside arena and tables."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_network

from microface.chip.devices.host import compile_library
from microface.chip.firmware import host_library
from microface.chip.firmware.host_library import Sanitizer, sanitizer_environment
from microface.chip.firmware.model import Model
from microface.chip.plan import plan
from microface.chip.plan.calls import Choose
from microface.chip.plan.kernels import choose
from microface.chip.plan.kernels.base import Kernel
from microface.chip.targets import Target
from microface.network import IntegerNetwork
from microface.network.ops import Operator

RUN = """
import ctypes, sys
import numpy as np
library, inputs, shape = ctypes.CDLL(sys.argv[1]), np.load(sys.argv[2]), tuple(map(int, sys.argv[4].split()))
outputs = np.zeros((len(inputs), *shape), np.int8)
places = [(ctypes.c_void_p * 1)(each.ctypes.data) for each in (inputs, outputs)]
library.host_run(*places, ctypes.c_int64(len(inputs)))
assert library.host_self_test(None) == 0
np.save(sys.argv[3], outputs)
"""


def portable(op: Operator, network: IntegerNetwork, _features: object) -> Kernel:
    """Choose the kernels that every processor has."""
    return choose(op, network, ())


@pytest.mark.parametrize("kernels", [portable, choose], ids=["portable", "fast"])
@pytest.mark.parametrize(
    ("sanitize", "compiler"), [("undefined", "zig"), ("address", "gcc"), ("address", "clang")], ids=str
)
def test_networks_run_clean(
    sanitize: Sanitizer, compiler: str, kernels: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiler != "zig" and shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    monkeypatch.setattr(host_library, "_address_compiler", lambda: shutil.which(compiler))
    environment = sanitizer_environment(sanitize)
    network = random_network(21, (24, 20, 3), 7)
    inputs = np.random.default_rng(1).integers(-128, 128, (3, *network.input.shape)).astype(np.int8)
    inputs[0] = -128
    np.save(tmp_path / "in.npy", inputs)
    target, model = Target.load("host"), Model.of(network)
    planned = plan(network, target, choose=kernels)
    library = compile_library(model, planned, target, tmp_path / "lib.so", kernels, sanitize)
    shape = " ".join(map(str, network.output.shape))
    command = [sys.executable, "-c", RUN, str(library), str(tmp_path / "in.npy"), str(tmp_path / "out.npy"), shape]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), network.run(inputs))
