"""Kernels with TFLite's arithmetic equal the operators' numpy meanings to the bit, on every machine."""

import sys
from pathlib import Path

import numpy as np
import pytest
from kernel_chip import Chip
from kernel_machines import Host, Machine

from microface.chip.plan.kernels import KERNELS
from microface.chip.plan.kernels.tflite import TFLITE_KERNELS
from microface.chip.targets import Target
from microface.chip.targets.target import cpu_flags
from microface.network import IntegerNetwork
from microface.network.convert.tflite import import_tflite
from microface.network.convert.tflite.write import OutModel, OutOperator, OutTensor, model_bytes
from microface.network.ops import Operator

sys.path.append(str(Path(__file__).parents[2] / "network" / "tflite"))
from random_draft import Draft, byte, number
from random_files import NAMES, draft_of

FILES = 14
OLD = ("CONV_2D uint8", "DEPTHWISE_CONV_2D uint8", "AVERAGE_POOL_2D uint8")
"""What files of uint8 have kernels or ways of their own for."""


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> list[Machine]:
    """The host, which stops at undefined behaviour, and an emulated M7."""
    checked = ("-fsanitize=undefined", "-fsanitize-trap=undefined")
    chip = Chip(tmp_path_factory.mktemp("m7"), Target.load("stm32h743zi"))
    hosts = [Host(tmp_path_factory.mktemp("host"), frozenset(), checked)]
    if avx2 := frozenset({"avx2"}) & cpu_flags():
        hosts.append(Host(tmp_path_factory.mktemp("avx2"), avx2, ("-mavx2", *checked)))
    return [*hosts, chip]


def imported(draft: Draft, path: Path) -> IntegerNetwork:
    path.write_bytes(model_bytes(draft.model()))
    return import_tflite(path).network


def inputs_for(network: IntegerNetwork, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    drawn = {}
    for name in network.inputs:
        tensor = network.tensors[name]
        ends = rng.choice([tensor.lowest, tensor.highest], (1, *tensor.shape))
        any_value = rng.integers(tensor.lowest, tensor.highest + 1, (1, *tensor.shape))
        drawn[name] = (ends if rng.random() < 0.3 else any_value).astype(tensor.numpy_dtype)
    return drawn


def run_kernels(machine: Machine, op: Operator, network: IntegerNetwork, values: dict[str, np.ndarray]) -> list[str]:
    """Run every kernel that fits `op`; return their names."""
    ran = []
    for kernel in TFLITE_KERNELS:
        if kernel.view or not kernel.features <= machine.features or not kernel.matches(op, network):
            continue
        last = kernel.operators(op, network)[-1]
        given = [values[name][0] for name in kernel.inputs(op, network)]
        np.testing.assert_array_equal(machine.run(kernel, op, network, given), values[last.output][0], kernel.function)
        ran.append(kernel.function)
    return ran


@pytest.mark.parametrize("name", [name for name in NAMES if name in OLD or not name.endswith("uint8")])
def test_kernels_of_random_files(name: str, machines: list[Machine], tmp_path: Path) -> None:
    for seed in range(FILES):
        network = imported(draft_of(name, seed), tmp_path / "random.tflite")
        values = dict(network.steps_of(inputs_for(network, seed)))
        for op in network.operators:
            views = [kernel for kernel in KERNELS if kernel.view and kernel.matches(op, network)]
            known = [kernel for kernel in KERNELS if not kernel.features and kernel.matches(op, network)]
            for machine in machines:
                assert run_kernels(machine, op, network, values) or views or known, f"{op.kind} has no kernel"


def residual(seed: int) -> Draft:
    """An inverted residual as MobileNetV2 has it: relu6 twice, an addition or none."""
    draft = Draft(np.random.default_rng([seed, 99]))
    channels, wide, stride = draft.number(2, 12), 2 * draft.number(1, 14), draft.number(1, 2)
    rows, columns = draft.number(3, 12), draft.number(6, 12)
    expands = draft.number(0, 3) > 0
    adds = stride == 1 and draft.number(0, 2) > 0
    source = channels if expands else wide
    x = draft.input((1, rows, columns, source))
    shape = (rows, columns)
    middle = _layer(draft, "CONV_2D", x, (wide, 1, 1, source), shape, 1, True) if expands else x
    after = -(-rows // stride), -(-columns // stride)
    deep = _layer(draft, "DEPTHWISE_CONV_2D", middle, (1, 3, 3, wide), after, stride, True)
    outputs = source if adds else draft.number(2, 9)
    y = _layer(draft, "CONV_2D", deep, (outputs, 1, 1, wide), after, 1, False)
    if adds:
        total = draft.activation((1, *after, outputs), draft.tensors[x].scales[0] * 1.3)
        order = (x, y) if draft.number(0, 1) else (y, x)
        draft.emit("ADD", order, (total,), {0: byte(0)})
    return draft


def _layer(
    draft: Draft, name: str, source: int, shape: tuple[int, ...], size: tuple[int, int], stride: int, relu: bool
) -> int:
    """Append a layer whose outputs fill their range."""
    outputs = shape[-1] if name.startswith("D") else shape[0]
    scales = np.exp(draft.random.uniform(np.log(0.001), np.log(0.01), outputs)).astype(np.float32)
    data = draft.random.integers(-127, 128, shape).astype(np.int8)
    axis = 3 if name.startswith("D") else 0
    weights = draft.constant(data, "int8", scales, [0] * outputs, axis)
    biased = draft.tensors[source].scales[0] * scales
    values = draft.random.integers(-3000, 3000, outputs).astype(np.int32)
    bias = draft.constant(values, "int32", biased, [0] * outputs)
    inner = data.size // outputs
    reach = draft.tensors[source].scales[0] * float(np.median(scales)) * 75 * 75 * inner**0.5 / 60
    y = draft.activation((1, *size, outputs), reach, -128 if relu else None)
    fused = 1 if relu else 0
    options = {0: byte(0), 1: number(stride), 2: number(stride)}
    options |= {3: number(1), 4: byte(fused)} if name.startswith("D") else {3: byte(fused)}
    draft.emit(name, (source, weights, bias), (y,), options)
    return y


def test_inverted_residuals_run_as_one(machines: list[Machine], tmp_path: Path) -> None:
    fused = {"conv2d": 0, "depthwise_conv2d": 0}  # by the kind of the block's first step
    for seed in range(60):
        network = imported(residual(seed), tmp_path / "residual.tflite")
        values = dict(network.steps_of(inputs_for(network, seed)))
        for machine in machines:
            for op in network.operators:
                if "mf_inverted_residual_s8_tflite_dsp" in run_kernels(machine, op, network, values):
                    fused[op.kind] += 1
    assert min(fused.values()) >= 20


def test_channels_that_are_silent(machines: list[Machine], tmp_path: Path) -> None:
    """Dead channels (a scale near 0, a bias as large), whose output is the zero point or 5 more; powers of two."""
    rng = np.random.default_rng(5)
    data = rng.integers(-127, 128, (6, 1, 1, 8)).astype(np.int8)
    scales = np.array([1.75e-10, 2.0**-6, 2.0**-5, 2.4e-9, 0.003, 2.0**-7], np.float32)
    bias = np.array([1 << 30, 0, 0, 1 << 30, 0, 0], np.int32)
    tensors = [
        OutTensor("x", (1, 5, 5, 8), "int8", [0.5], [3]),
        OutTensor("w", data.shape, "int8", scales, [0] * 6, 0, data),
        OutTensor("b", (6,), "int32", scales, [0] * 6, 0, bias),
        OutTensor("y", (1, 5, 5, 6), "int8", [0.25], [-5]),
    ]
    options = {0: byte(1), 1: number(1), 2: number(1), 3: byte(0)}
    model = OutModel(tensors, [OutOperator("CONV_2D", (0, 1, 2), (3,), options)], [0], [3])
    (tmp_path / "silent.tflite").write_bytes(model_bytes(model))
    network = import_tflite(tmp_path / "silent.tflite").network
    for seed in range(20):
        values = dict(network.steps_of(inputs_for(network, seed)))
        for machine in machines:
            assert run_kernels(machine, network.operators[0], network, values)
