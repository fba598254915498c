"""What `plan` shows of memory on every chip: a table of what takes it, and whether it fits."""

from collections.abc import Sequence

from rich.table import Table

from microface.chip.plan import Line, Shortage
from microface.chip.targets import Target
from microface.console import console, table


def memory_table(title: str, lines: Sequence[Line], chip: Target) -> Table:
    """Return the table of `lines`: memory, what it holds, bytes, share of the memory."""
    rows = [
        (line.memory, line.what, f"{line.bytes:,}", f"{100 * line.bytes / chip.memory(line.memory).bytes:.1f} %")
        for line in lines
    ]
    return table(title, ("memory", "holds", "bytes", "share"), rows)


def show_fit(shortages: Sequence[Shortage]) -> None:
    """Print that it fits, or what is short."""
    if not shortages:
        console.print("it fits", style="green")
    for short in shortages:
        console.print(f"does not fit: {short}", style="red", highlight=False)
