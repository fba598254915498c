"""The face network where there is more time: that of `facenet.py`, larger, below 1.0 M parameters and 100 M MACs."""

from dataclasses import dataclass

from torch import nn

from microface.learn.nets.facenet import FaceNetOptions, facenet
from microface.learn.nets.registry import register


@dataclass(frozen=True)
class FlagshipOptions(FaceNetOptions):
    """The options of `facenet` with other defaults."""

    resolution: int = 112
    embedding: int = 256
    stem: int = 16
    fused: int = 48
    early: int = 40
    middle: int = 64
    late: int = 128
    early_blocks: int = 2
    middle_blocks: int = 6
    late_blocks: int = 6
    expansion: int = 3
    last_channels: int = 448


@register("flagship", FlagshipOptions)
def flagship(options: FlagshipOptions) -> nn.Module:
    """Return the large face network."""
    return facenet(options)
