"""What a loss is: a module from the student's embeddings and a lesson to one number, registered by name."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import BaseModel, ConfigDict, create_model
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.checked import checked


@dataclass(frozen=True)
class Lesson:
    """A batch to learn from.

    `x` float32 [N, 3, H, W]; `targets` [M, D] of length 1, M >= N: the teacher's embeddings of the N views, then those
    of the batch's other parts, which only have to be far (D = 0 without a teacher); `people` int64 [N], -1: unnamed.
    """

    x: Tensor
    targets: Tensor
    people: Tensor

    def own(self) -> Tensor:
        """Return the teacher's embeddings [N, D] of the lesson's own views."""
        return self.targets[: len(self.x)]


@dataclass(frozen=True)
class Subject:
    """What is to be learned: length of the student's embedding, all targets [N, D] of training and their people [N]."""

    embedding: int
    targets: Tensor
    people: Tensor

    @property
    def classes(self) -> int:
        """Number of named people."""
        return int(self.people.max()) + 1 if len(self.people) else 0


class Loss(nn.Module):
    """A loss; its options are the keyword arguments of `__init__` after the subject.

    `teacher` says that targets are needed, of the embedding's length where `same_length` holds; `names` that named
    people are; `several` that it compares photos of a person within the batch, which so needs some of each.
    """

    teacher: ClassVar[bool] = False
    same_length: ClassVar[bool] = True
    names: ClassVar[bool] = False
    several: ClassVar[bool] = False

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject_size = subject.embedding

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the loss of the embeddings `student` float32 [N, D], a number that falls while they learn."""
        raise TypeError(f"{type(self).__name__} has no formula")


_LOSSES: dict[str, type[Loss]] = {}


def register(name: str) -> Callable[[type[Loss]], type[Loss]]:
    """Register the decorated class as the loss `name`."""

    def remember(kind: type[Loss]) -> type[Loss]:
        _LOSSES[name] = kind
        return kind

    return remember


def names() -> tuple[str, ...]:
    """Return the names of all losses, sorted."""
    return tuple(sorted(_LOSSES))


def kind_of(name: str) -> type[Loss]:
    """Return the class of the loss `name`; an unknown one is a `UserError`."""
    if name not in _LOSSES:
        raise UserError(f"loss {name}", "is not known", f"choose among {', '.join(names())}")
    return _LOSSES[name]


@functools.cache
def options_of(name: str) -> type[BaseModel]:
    """Return what the options of the loss `name` may be, by the signature of its class."""
    parameters = list(inspect.signature(kind_of(name).__init__).parameters.values())[2:]
    given: dict[str, Any] = {each.name: (each.annotation, each.default) for each in parameters}
    return create_model(f"options of {name}", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **given)


def checked_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the loss `name` with those `given`; one of another name or range is a `UserError`."""
    return checked(options_of(name), given, f"loss {name}").model_dump()


def build(name: str, subject: Subject, options: dict[str, Any]) -> Loss:
    """Return the loss `name` for `subject`; an unknown one, or one that lacks what it needs, is a `UserError`."""
    kind, chosen = kind_of(name), checked_options(name, options)
    values = subject.targets.shape[1]
    if kind.teacher and (values == 0 or (kind.same_length and values != subject.embedding)):
        many = f"{values} values and the network {subject.embedding}"
        mend = "choose --option embedding=..., or similarity, which compares any lengths"
        raise UserError(f"loss {name}", f"compares with a teacher that has {many}", mend)
    if kind.names and subject.classes < 2:
        raise UserError(f"loss {name}", "needs named people, the data set has none", "choose a loss with a teacher")
    return kind(subject, **chosen)


def nothing(student: Tensor) -> Tensor:
    """Return a loss of 0 that still has a gradient, for batches with nothing to learn from."""
    return student.sum() * 0.0


def own_class(people: Tensor, classes: int) -> Tensor:
    """Return bool [N, classes], true at each person's own class; nowhere for the unnamed (-1)."""
    return people[:, None] == torch.arange(classes, device=people.device)


def over_named(logits: Tensor, people: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the mean cross-entropy of `logits` [N, classes] over named `people` [N]; 0 where there are none.

    Nothing here depends on how many there are, so a GPU need not be waited for.
    """
    total = F.cross_entropy(logits, people, ignore_index=-1, reduction="sum", label_smoothing=smoothing)
    return total / (people >= 0).sum().clamp_min(1)
