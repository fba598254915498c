"""`python -m microface` is the same as `microface`."""

from microface.cli import main

if __name__ == "__main__":
    main()
