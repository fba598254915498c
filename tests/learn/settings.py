"""Settings of runs that take seconds."""

from pathlib import Path

from faces import NET

from microface.learn.train.config import Augmentation, TrainConfig

STILL = Augmentation(rotation=2, scale=0.02, shift=0.01, gain=0.02, offset=2, grey=0, soften=0)


def config(data: Path, **changes: object) -> TrainConfig:
    """Return the settings of a short run on the drawn data set."""
    values = {"data": str(data), "net": "facenet", "options": NET, "epochs": 2, "batch": 32, "checks": 2}
    values |= {"augmentation": STILL, "threads": 1, "rate": 5e-3, "averaging": 0.95, **changes}
    return TrainConfig(**values)  # type: ignore[arg-type]
