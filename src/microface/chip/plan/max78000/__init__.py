"""Planner of the MAX78000's accelerator: processors, offsets, weight columns and biases, found by search."""

from microface.chip.plan.max78000.plan import AcceleratorPlan, PlacedLayer
from microface.chip.plan.max78000.planner import plan_accelerator, plan_together
from microface.chip.plan.max78000.rules import Refusal
from microface.chip.plan.max78000.workload import is_for_accelerator, runs_accelerated

__all__ = [
    "AcceleratorPlan",
    "PlacedLayer",
    "Refusal",
    "is_for_accelerator",
    "plan_accelerator",
    "plan_together",
    "runs_accelerated",
]
