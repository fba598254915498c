"""The registry of networks: a family is a function from options to a torch module, registered by decorator."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

from torch import nn

from microface.errors import UserError

Build = Callable[[Any], nn.Module]
"""Takes the options of a family and returns a new module."""
Task = Literal["embedding", "presence"]
"""What a network is for: embeddings of faces, or face / no face."""
_FAMILIES: dict[str, "Family"] = {}


@dataclass(frozen=True)
class NetworkOptions:
    """What the options of every family have: side of the square input in pixels, number of values it gives."""

    resolution: int = 96
    embedding: int = 512

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the crops that the network reads, in pixels."""
        return self.resolution, self.resolution

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of what the network reads."""
        return 3, *self.input_size


@dataclass(frozen=True)
class Family:
    """One family of networks: its name, the frozen dataclass of its options, the function that builds a module.

    The module maps float32 [N, 3, height, width] (bytes - 128, times 1/128) of `input_shape` to [N, embedding].
    """

    name: str
    options: type[NetworkOptions]
    build: Build
    task: Task = "embedding"


def register(name: str, options: type[NetworkOptions], task: Task = "embedding") -> Callable[[Build], Build]:
    """Register the decorated function as the builder of the family `name` with `options`."""

    def remember(build: Build) -> Build:
        _FAMILIES[name] = Family(name, options, build, task)
        return build

    return remember


def names(task: Task = "embedding") -> tuple[str, ...]:
    """Return the names of all families for `task`, sorted."""
    return tuple(sorted(name for name, each in _FAMILIES.items() if each.task == task))


def family(name: str, task: Task | None = None) -> Family:
    """Return the family `name`; one that is unknown or not for `task` is a `UserError` that lists those there are."""
    known = _FAMILIES.get(name)
    if known is None or task not in (None, known.task):
        what = f"is not a network for {task}" if task else "is not a network"
        raise UserError(name, what, f"choose one of {', '.join(names(task or 'embedding'))}")
    return known


def options_of(name: str, given: dict[str, Any]) -> Any:
    """Return the options dataclass of family `name` with the values `given`, converted from text where needed."""
    kind = family(name).options
    known = {field.name: type(field.default) for field in fields(kind)}
    for option in given:
        if option not in known:
            raise UserError(option, f"is not an option of {name}", f"choose among {', '.join(known)}")
    return kind(**{option: _converted(option, known[option], value) for option, value in given.items()})


def _converted(option: str, kind: type, value: Any) -> Any:
    """Return `value` as `kind`; no number may be below 0, nor resolution, embedding and width 0."""
    try:
        converted = kind(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{option}={value}", "is not a number", f"give {option} as {kind.__name__}") from error
    least = 1 if option in ("resolution", "embedding") else 0
    if kind in (int, float) and not (least <= converted < math.inf and (option != "width" or converted > 0)):
        raise UserError(
            f"{option}={value}", "is too small or no size", f"give {option} a value from {least or 'above 0'}"
        )
    return converted


def build(name: str, options: Any = None) -> nn.Module:
    """Return a new module of family `name`; `options` default to those of the family."""
    chosen = family(name)
    return chosen.build(chosen.options() if options is None else options)
