"""Which shipped models and which families would fit where a network does not."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from microface.chip.plan.planner import plan
from microface.chip.plan.report import Plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import load, names
from microface.network.network import IntegerNetwork

Candidates = Mapping[str, Callable[[], IntegerNetwork]]
"""Networks by name, made only when they are looked at."""


def with_alternatives(
    planned: Plan, target: Target, reserve_flash: int = 0, reserve_ram: int = 0, families: Candidates | None = None
) -> Plan:
    """Return `planned` with the names of the shipped models and the `families` that fit beside the same reserves.

    A plan that fits is returned as it is. A family is looked at with the options that it has by default.
    """
    if planned.fits:
        return planned

    def fitting(candidates: Candidates) -> tuple[str, ...]:
        makers = candidates.items()
        return tuple(name for name, make in makers if _fits(make, target, reserve_flash, reserve_ram))

    shipped = {name: lambda name=name: load(name).network for name in names()}
    return replace(planned, alternatives=fitting(shipped), alternative_families=fitting(families or {}))


def _fits(make: Callable[[], IntegerNetwork], target: Target, reserve_flash: int, reserve_ram: int) -> bool:
    try:
        return plan(make(), target, reserve_flash, reserve_ram).fits
    except UserError:  # an operator without a kernel on this target
        return False
