"""What people see while work goes on: one rich console, progress bars, tables."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

T = TypeVar("T")

console = Console(stderr=False)
errors = Console(stderr=True, log_path=False)


def tell(what: str) -> None:
    """Say on standard error what is done now, with the time: for work of minutes that has no bar."""
    errors.log(what, highlight=False, markup=False)


def progress() -> Progress:
    """Return a progress display: what, bar, count, elapsed and remaining time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=errors, transient=True)


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items` under a progress bar named `what`."""
    with progress() as bar:
        yield from bar.track(items, total=total, description=what)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], whole: int = 0) -> Table:
    """Return a table with `columns`; numbers are to be formatted by the caller.

    On a narrow terminal cells are folded, never cut; the first `whole` columns stay on one line.
    """
    result = Table(title=escape(title), title_justify="left")
    for number, column in enumerate(columns):
        result.add_column(column, overflow="fold", no_wrap=number < whole)
    for row in rows:
        result.add_row(*(escape(str(cell)) for cell in row))
    return result
