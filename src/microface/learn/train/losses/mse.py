"""Mean squared difference to the teacher, the loss of knowledge distillation for MAX78000."""

from torch import Tensor

from microface.learn.train.losses.base import Lesson, Loss, Subject, register
from microface.learn.train.ranges import From0


@register("mse")
class MeanSquares(Loss):
    """Mean over values of (student - `length` x teacher)^2; the teacher's embedding has length 1.

    `length` defaults to the root of the number of values, so that a value of the teacher is about 1.
    """

    teacher = True

    def __init__(self, subject: Subject, length: From0 = 0.0) -> None:
        super().__init__(subject)
        self.length = length or subject.embedding**0.5

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean square, 0 when the embeddings are the same."""
        return ((student - self.length * lesson.own()) ** 2).mean()
