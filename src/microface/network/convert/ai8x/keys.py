"""Typed reads of one mapping of the vendor's YAML; a value of another kind is the file's own error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from microface.errors import UserError
from microface.network.ops.window import Pair


@dataclass(frozen=True)
class Keys:
    """The `values` by key of what `where` names in errors."""

    where: str
    values: Mapping[Any, Any]

    def wrong(self, reason: str, mend: str) -> UserError:
        """Return what to raise about this mapping."""
        return UserError(self.where, reason, mend)

    def whole(self, name: str, default: int, least: int | None = None) -> int:
        """Return a whole number of at least `least`."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
            wanted = "a whole number" + (f" of at least {least}" if least is not None else "")
            raise self.wrong(f"has {name} {value!r}", f"give {wanted}")
        return value

    def pair(self, name: str, default: int, least: int) -> Pair:
        """Return two whole numbers (rows, columns), given as a list of two or as one for both."""
        given = self.values.get(name, default)
        both = given if isinstance(given, list) else [given, given]
        if len(both) != 2 or not all(isinstance(each, int) and not isinstance(each, bool) for each in both):
            raise self.wrong(f"has {name} {given!r}", "give a whole number, or a list of two")
        if min(both) < least:
            raise self.wrong(f"has {name} {given!r}", f"give at least {least}")
        return both[0], both[1]

    def flag(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool) and value not in (0, 1):
            raise self.wrong(f"has {name} {value!r}", "give true or false")
        return bool(value)

    def given(self, names: Sequence[str]) -> str | None:
        """Return which of several keys of one meaning is there; two of them are an error."""
        there = [name for name in names if name in self.values]
        if len(there) > 1:
            raise self.wrong(f"has {there[0]} and {there[1]}", "keep one of them")
        return there[0] if there else None

    def word(self, names: Sequence[str], default: str, known: Mapping[str, str], verb: str) -> str:
        """Return what `known` makes of the word under one of `names`, in any case; no value is "none"."""
        key = self.given(names)
        value = default if key is None else self.values[key]
        found = "none" if value is None else str(value).lower()
        if found not in known:
            raise self.wrong(f"{verb} {value}", f"use one of {', '.join(known)}")
        return known[found]
