"""Plans: every buffer's place, every operator's kernel, flash, RAM and estimated cost, before anything is built."""

from microface.chip.plan.planner import plan
from microface.chip.plan.report import Line, Plan, PlannedBuffer, Shortage, Step

__all__ = ["Line", "Plan", "PlannedBuffer", "Shortage", "Step", "plan"]
