"""Milliseconds from instructions: an interval, always an estimate."""

from microface.chip.targets import Target


def milliseconds(instructions: int, target: Target) -> tuple[float, float]:
    """Return (low, high) milliseconds of `instructions` on `target` by its cycles per instruction."""
    low, high = target.timing.cycles_per_instruction
    per_millisecond = target.timing.clock_hz / 1000
    return instructions * low / per_millisecond, instructions * high / per_millisecond


def milliseconds_from(target: Target) -> str:
    """Return what the interval of `milliseconds` stands on."""
    low, high = target.timing.cycles_per_instruction
    return f"{low:g} to {high:g} cycles per instruction at {target.timing.clock_hz / 1e6:g} MHz: {target.timing.source}"
