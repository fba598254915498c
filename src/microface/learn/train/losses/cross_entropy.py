"""Classification of the training people by a linear layer, which is cut off afterwards."""

from torch import Tensor, nn

from microface.learn.train.losses.base import Lesson, Loss, Subject, over_named, register
from microface.learn.train.ranges import ShareBelow1


@register("cross_entropy")
class CrossEntropy(Loss):
    """Softmax cross-entropy of a linear layer on the embedding; it lives here, so the network is saved without it."""

    names = True

    def __init__(self, subject: Subject, smoothing: ShareBelow1 = 0.0) -> None:
        super().__init__(subject)
        self.smoothing = smoothing
        self.classifier = nn.Linear(subject.embedding, subject.classes)

    def forward(self, student: Tensor, lesson: Lesson) -> Tensor:
        """Return the mean over the views of named people; 0 where there are none."""
        return over_named(self.classifier(student), lesson.people, self.smoothing)
