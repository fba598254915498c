"""Against the vendor's own tools and networks: runs where AI8X_DIR names a checkout of ai8x-synthesis.

Its Python packages (numpy below 2 among them) are taken from AI8X_PYTHONPATH where that is set.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from accelerator_networks import NETWORKS

from microface.chip.firmware.max78000.headers import output_header, weights_header
from microface.chip.firmware.max78000.kernels import columns_from
from microface.chip.firmware.max78000.sources import draw_sample
from microface.chip.firmware.max78000.vendor import arch_of, write_vendor_files
from microface.chip.plan.max78000 import plan_together
from microface.chip.targets import Target
from microface.network.convert import ai8x
from microface.network.facenets import FACEID, published

TARGET = Target.load("max78000")
BOARD = {
    "mnist": [-77992, 93377, 45484, 29850, -36248, -130974, -272399, 416616, -148783, 25073],
    "cifar-10": [-233035, -160342, -118424, 292085, -221440, 92362, 97781, -217143, -89946, -307243],
}
FILES = {
    "mnist": ("trained/ai85-mnist-qat8-q.pth.tar", "networks/mnist-chw-ai85.yaml", "tests/sample_mnist.npy"),
    "cifar-10": ("tests/ai85-cifar10-qat8-q.pth.tar", "networks/cifar10-hwc-ai85.yaml", "tests/sample_cifar-10.npy"),
}


@pytest.fixture(scope="module")
def vendor() -> Path:
    folder = os.environ.get("AI8X_DIR")
    if not folder or not (Path(folder) / "ai8xize.py").is_file():
        pytest.skip("needs a checkout of the vendor's ai8x-synthesis in AI8X_DIR")
    return Path(folder)


@pytest.mark.parametrize("name", FILES)
def test_the_answers_that_boards_print(vendor: Path, name):
    checkpoint, yaml, sample = (vendor / each for each in FILES[name])
    network = ai8x.read(checkpoint, yaml, ai8x.sample_shape(sample))
    values = np.load(sample).transpose(1, 2, 0).astype(np.int8)
    assert network.run(values[None]).ravel().tolist() == BOARD[name]


def table(text: str, name: str) -> list[int]:
    found = re.search(rf"#define {name} {{(.*?)\n}}", text, re.S)
    return [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", found.group(1))] if found else []


def by_address(words: list[int]) -> dict[int, tuple[int, int]]:
    found, place = {}, 0
    while words[place]:
        address, mask, count = words[place : place + 3]
        found |= {address + 4 * i: (mask, words[place + 3 + i]) for i in range(count)}
        place += 3 + count
    return found


@pytest.mark.parametrize(("name", "in_front"), [*((name, False) for name in NETWORKS), (FACEID, False), (FACEID, True)])
def test_the_synthesizer_takes_our_files_and_makes_our_words(vendor: Path, tmp_path: Path, name, in_front):
    """`in_front`: the second of two networks that share the weight memory."""
    networks = [NETWORKS[name]() if name in NETWORKS else published(name), *([published("facenet_v2")] * in_front)]
    network, plan = networks[-1], plan_together(networks, TARGET)[-1]
    sample, arch = draw_sample(network), arch_of(network.name)
    write_vendor_files(plan, sample, tmp_path)
    command = [sys.executable, "ai8xize.py", "--test-dir", tmp_path, "--prefix", "made", "--device", "MAX78000"]
    command += ["--checkpoint-file", tmp_path / f"{arch}.pth.tar", "--config-file", tmp_path / f"{arch}.yaml"]
    command += ["--sample-input", tmp_path / "sample.npy", "--no-version-check", "--overwrite", "--timer", "0"]
    command += ["--fifo"] if plan.streams else []
    command += ["--weight-start", min(each.first_column for each in plan.layers if each.columns)] if in_front else []
    environment = {
        **os.environ,
        "PYTHONPATH": os.environ.get("AI8X_PYTHONPATH", ""),
        "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1",
    }
    done = subprocess.run(
        list(map(str, command)), cwd=vendor, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    theirs, ours = (tmp_path / "made" / "weights.h").read_text(), weights_header(plan)
    kernels = [columns_from(np.array(table(text, "KERNELS"))) for text in (theirs, ours)]
    assert kernels[0] == kernels[1]
    assert [table(theirs, f"BIAS_{i}") for i in range(4)] == [table(ours, f"BIAS_{i}") for i in range(4)]
    output = output_header(plan, network.run(sample[None])[0])
    made = (tmp_path / "made" / "sampleoutput.h").read_text()
    assert by_address(table(made, "SAMPLE_OUTPUT")) == by_address(table(output, "SAMPLE_OUTPUT"))
