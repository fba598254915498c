"""`python -m microface` is the same as `microface`."""

from microface.cli import main

main()
