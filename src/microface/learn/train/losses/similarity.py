"""Similarities of all pairs of the batch as the teacher sees them."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.learn.train.losses.base import Lesson, Loss, register


@register("similarity")
class Similarity(Loss):
    """Mean squared difference of the student's matrix of similarities and the teacher's, whatever their lengths.

    Let its weight begin near 0: from the start, weight 20 was seen to stop all learning.
    """

    teacher = True
    same_length = False

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean square over all pairs of the lesson's views."""
        mine, wanted = F.normalize(student), F.normalize(lesson.own())
        return ((mine @ mine.T - wanted @ wanted.T) ** 2).mean()
