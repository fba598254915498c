"""Which shipped models would fit where a network does not."""

from dataclasses import replace

from microface.chip.plan.planner import plan
from microface.chip.plan.report import Plan
from microface.chip.targets import Target
from microface.models import load, names


def with_alternatives(planned: Plan, target: Target, reserve_flash: int = 0, reserve_ram: int = 0) -> Plan:
    """Return `planned` with the names of the shipped models that fit `target` beside the same reserves.

    A plan that fits is returned as it is.
    """
    if planned.fits:
        return planned
    others = (name for name in names() if plan(load(name).network, target, reserve_flash, reserve_ram).fits)
    return replace(planned, alternatives=tuple(others))
