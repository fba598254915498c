"""A narrow network cut out of a wide one that is trained, as the beginning of its own training."""

from microface.learn.slim.cut import cut
from microface.learn.slim.slim import Slim, slim
from microface.learn.slim.wide import Wide, read_wide

__all__ = ["Slim", "Wide", "cut", "read_wide", "slim"]
