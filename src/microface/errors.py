"""The one error that people see: what is wrong, why, and how to mend it, in one line."""


class UserError(Exception):
    """Bad input from outside, told in one line; the command line prints it and exits with code 2.

    `what` names the file or argument, `reason` says what is wrong with it, `mend` what would help.
    """

    def __init__(self, what: object, reason: str, mend: str) -> None:
        self.what, self.reason, self.mend = str(what), reason, mend
        super().__init__(f"{what}: {reason}; {mend}")

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str, str]]:
        """Let worker processes hand the error back."""
        return type(self), (self.what, self.reason, self.mend)


class DamagedFileError(UserError):
    """A file that is cut, flipped, foreign or of a version this release cannot read."""
