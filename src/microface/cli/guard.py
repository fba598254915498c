"""What a command says when it cannot go on: one line and an exit code."""

import sys
from collections.abc import Callable

from microface.console import errors
from microface.errors import UserError


def guarded(command: Callable[[], object]) -> None:
    """Run `command`; bad input is told in one line with exit code 2, an interruption with 130."""
    try:
        command()
    except UserError as error:
        errors.print(f"microface: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("microface: interrupted; what was finished is kept, run the same command to go on", style="yellow")
        sys.exit(130)
