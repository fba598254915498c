"""The kinds of core by the name that a target gives its kind."""

from microface.chip.cores.core import Core
from microface.chip.cores.cortex_m import CortexM
from microface.chip.cores.riscv import RiscV
from microface.chip.targets import Target
from microface.errors import UserError

CORES: dict[str, Core] = {core.kind: core for core in (CortexM(), RiscV())}


def core_of(target: Target) -> Core:
    """Return the kind of core of `target`; the host is no chip and has none: a `UserError`."""
    if target.kind not in CORES:
        raise UserError(target.name, "is not a chip", "choose a chip, or build a library for the host")
    return CORES[target.kind]
