"""The command line: one file per verb, each of them parses, calls and prints.

Nothing is imported before it is needed: `python -m microface.cli.train` works where only training is installed.
"""

from microface.cli.guard import guarded


def main() -> None:
    """Run the command line; bad input is told in one line with exit code 2."""
    from microface.cli.app import app

    guarded(lambda: app(standalone_mode=True))
