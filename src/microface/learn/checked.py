"""Settings from outside brought into records: types and ranges stand with the fields and are checked here, once."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from microface.errors import UserError

Record = TypeVar("Record")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")


def checked(kind: type[Record], values: Mapping[str, Any], source: object = "") -> Record:
    """Return the record `kind` with `values` by the names of its fields; nested tables become what they stand for.

    A value of a wrong type or out of its range, or one that is no field, is a `UserError` that names it, and `source`,
    the file it stands in.
    """
    try:
        found: Record = _adapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise _told(kind, error, source) from error
    return found


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return what validates `kind`; building it takes longer than using it."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _told(kind: type, error: ValidationError, source: object) -> UserError:
    """Return the first fault as what people read."""
    fault = error.errors(include_url=False)[0]
    name = _written(fault["loc"])
    what = f"{source}, {name}" if source else name
    if fault["type"] in _UNKNOWN:
        known = _known(kind, fault["loc"])
        return UserError(what, "is not known", f"use {', '.join(known)}" if known else "leave it out: there is none")
    if fault["type"] == "missing":
        return UserError(what, "is missing", "give it")
    reason = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return UserError(f"{what} = {fault['input']!r}", "cannot be used", f"it {reason}")


def _written(place: tuple[int | str, ...]) -> str:
    """Return `place` as people write it: sizes[0][1], augmentation.rotation."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).removeprefix(".")


def _known(kind: Any, place: tuple[int | str, ...]) -> list[str]:
    """Return the names of the fields at `place` of the record `kind`, sorted."""
    for part in place[:-1]:
        kind = get_type_hints(kind).get(str(part))
    if is_dataclass(kind):
        return sorted(field.name for field in fields(kind))
    return sorted(getattr(kind, "model_fields", ()))
