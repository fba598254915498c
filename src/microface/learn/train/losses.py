"""Losses of distillation: the student's embedding points where the teacher's does."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def distillation(student: Tensor, teacher: Tensor, relation: float, temperature: float) -> Tensor:
    """Return (1 - cosine) + `relation` x symmetric cross-entropy of the batch's similarities.

    `student` is [N, D], `teacher` [M, D], M >= N: rows beyond N are others' targets, which only have to be far. The
    similarity of row i to column i shall be the greatest of its row and column.
    """
    student, teacher = F.normalize(student), F.normalize(teacher)
    similarity = student @ teacher.T
    own = torch.arange(len(student), device=student.device)
    logits = similarity / temperature
    crossed = F.cross_entropy(logits, own) + F.cross_entropy(logits[:, : len(student)].T, own)
    return 1 - similarity.diagonal().mean() + relation * crossed / 2
