"""The card of a model that was trained here: what it was made from and what it is not for."""

from pathlib import Path

from microface.learn.train.config import load_config
from microface.models.card import ModelCard

TEACHER = (
    "MobileFaceNet of 3.4 M parameters from the ESP-DL repository (MIT on paper; its lineage may be InsightFace's "
    "research-only weights)."
)
LICENCE = (
    "Weights: non-commercial research only (WEIGHTS-LICENSE), since photos and teacher are; the code is Apache-2.0."
)
LIMITS = (
    "No liveness test: a printed photo is accepted. Made for frontal, aligned faces of adults; accuracy by age, sex "
    "and origin was not balanced. Train again with photos and a teacher of your own for any other use."
)


def card_of(run: Path) -> ModelCard:
    """Return the card of the run in the folder `run`."""
    config = load_config(run / "config.json")
    options = ", ".join(f"{name} {value}" for name, value in config.options.items()) or "its defaults"
    length = f"{config.minutes:g} minutes" if config.minutes else f"{config.epochs:g} passes"
    return ModelCard(
        summary=f"{config.net} ({options}) for aligned faces, distilled for {length} on {config.threads} cores.",
        training_data=f"The data set {Path(config.data).name}: aligned photos of web and research collections.",
        teacher=TEACHER,
        licence=LICENCE,
        limits=LIMITS,
    )
