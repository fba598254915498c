"""Every kernel equals the operator's numpy meaning to the bit, on every machine, whatever shapes and factors."""

from collections.abc import Callable

import kernel_cases as cases
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_chains import inverted_residuals
from kernel_chip import Chip
from kernel_machines import Host, Machine

from microface.chip.plan.kernels import KERNELS, inverted_residual
from microface.chip.plan.kernels.inverted_residual_dsp import InvertedResidualDsp
from microface.chip.plan.kernels.prelu_dsp import InvertedResidualPreluDsp
from microface.chip.targets import Target
from microface.chip.targets.target import cpu_flags
from microface.network.inputs.mapping import map_bytes

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FAMILIES: dict[str, Callable[[], st.SearchStrategy[cases.Case]]] = {
    "conv2d": cases.convolutions,
    "depthwise": cases.depthwise,
    "depthwise3x3": cases.depthwise3x3,
    "global_depthwise": cases.global_depthwise,
    "pointwise": cases.pointwise,
    "dense": cases.dense,
    "add": cases.adds,
    "concat": cases.concats,
    "pool": cases.pools,
    "mean": cases.means,
    "pad": cases.pads,
    "prelu": cases.prelus,
}


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> list[Machine]:
    """The host, which stops at undefined behaviour, and emulated cores: an M7, an M4 and GAP8's."""
    checked = ("-fsanitize=undefined", "-fsanitize-trap=undefined")
    chips = [Chip(tmp_path_factory.mktemp(name), Target.load(name)) for name in ("stm32h743zi", "nrf52840", "gap8")]
    avx2 = frozenset({"avx2"}) & cpu_flags()
    hosts = [Host(tmp_path_factory.mktemp("host"), frozenset({"rv32"}), checked)]
    if avx2:
        hosts.append(Host(tmp_path_factory.mktemp("avx2"), avx2, ("-mavx2", *checked)))
    return [*hosts, *chips]


@pytest.mark.parametrize("family", FAMILIES)
@EXAMPLES
@given(data=st.data())
def test_every_fitting_kernel_equals_the_meaning(family: str, machines: list[Machine], data: st.DataObject) -> None:
    case = data.draw(FAMILIES[family]())
    expected, ran = case.meaning(), 0
    for machine in machines:
        for kernel in KERNELS:
            if not kernel.view and kernel.features <= machine.features and kernel.matches(case.op, case.network):
                result = machine.run(kernel, case.op, case.network, case.values)
                np.testing.assert_array_equal(result, expected, kernel.function)
                ran += 1
    assert ran >= len(machines)


@EXAMPLES
@given(data=st.data(), comfort=st.sampled_from([0, 2_000, 4_000, 48_000]))
def test_inverted_residuals_in_strips_of_any_height(machines: list[Machine], data: st.DataObject, comfort: int) -> None:
    case = data.draw(inverted_residuals())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inverted_residual, "COMFORT_BYTES", comfort)
        kernels = [k for k in (InvertedResidualDsp(), InvertedResidualPreluDsp()) if k.matches(case.op, case.network)]
        for machine in machines:
            for kernel in kernels if machine.features >= {"dsp"} else ():
                result = machine.run(kernel, case.op, case.network, case.values)
                np.testing.assert_array_equal(result, case.meaning())


@pytest.mark.parametrize("count", [1, 3, 4, 256])
def test_bytes_are_mapped_in_place_and_elsewhere(machines: list[Machine], count: int) -> None:
    crop = np.arange(256, dtype=np.uint8)[-count:]
    for machine in machines:
        machine.reset()
        args = machine.place(count.to_bytes(4, "little"))
        source, target = machine.place(crop.tobytes()), machine.reserve(count)
        machine.call("mf_map_bytes_s8", [args, source, target, 0])
        machine.check_guard(target, count)
        machine.call("mf_map_bytes_s8", [args, source, source, 0])
        assert machine.read(target, count) == machine.read(source, count) == map_bytes(crop).tobytes()
