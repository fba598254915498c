"""The command line: one file per verb, each of them parses, calls and prints."""

import sys

from microface.cli.app import app
from microface.console import errors
from microface.errors import UserError


def main() -> None:
    """Run the command line; bad input is told in one line with exit code 2."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        errors.print(f"microface: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("microface: interrupted; what was finished is kept, run the same command to go on", style="yellow")
        sys.exit(130)
