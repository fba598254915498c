"""The card of a model that was trained here: what it was made from and what it is not for."""

from collections import Counter
from pathlib import Path

from microface.learn.train.config import config_of_run
from microface.learn.train.holding import ONE_IN
from microface.models.card import ModelCard
from microface.photos.dataset import Dataset

ESP_DL_SHA256 = "4e8d06f230f40374febaa31327d419d7b6b9075e49811d6aeb1f829ec0be1024"
ESP_DL = (
    "MobileFaceNet of 3.4 M parameters from the ESP-DL repository (MIT on paper; its lineage may be InsightFace's "
    "research-only weights)."
)
RESEARCH = (
    "Weights: non-commercial research only (WEIGHTS-LICENSE), since photos and teacher are; the code is Apache-2.0."
)
OWN = "Weights: as the photos and the teacher allow that they were trained with; the code is Apache-2.0."
LIMITS = (
    "No liveness test: a printed photo is accepted. Made for frontal faces of adults; accuracy by age, sex "
    "and origin was not balanced. Train again with photos and a teacher of your own for any other use."
)


def card_of(run: Path, data: str = "") -> ModelCard:
    """Return the card of the run in the folder `run`, whose data set lies in `data` now where that is told."""
    config = config_of_run(run, data)
    options = ", ".join(f"{name} {value}" for name, value in config.options.items()) or "its defaults"
    length = f"{config.minutes:g} minutes" if config.minutes else f"{config.epochs:g} passes"
    dataset = Dataset.open(Path(config.data), verify=False)
    sha256 = str(dataset.manifest.teacher.get("sha256", ""))
    known = sha256 == ESP_DL_SHA256
    crops = "aligned faces" if dataset.manifest.preprocess.geometry == "aligned" else "loose, upright crops of faces"
    how = "distilled" if sha256 else "trained on names"
    begun = ", begun with weights that were trained before" if config.init else ""
    return ModelCard(
        summary=f"{config.net} ({options}) for {crops}, {how} for {length}{begun}.",
        training_data=_photos(dataset),
        teacher=ESP_DL if known else f"An ONNX network with SHA-256 {sha256}." if sha256 else "None.",
        licence=RESEARCH if known else OWN,
        limits=LIMITS,
    )


def _photos(dataset: Dataset) -> str:
    """Return a sentence on the photos of `dataset`: how many, of which collections, how many held out."""
    counts, people, held = Counter[str](), set[str](), 0
    for row in (row for shard in dataset.shards for row in shard.read_rows()):
        counts[row["source"]] += 1
        if row["split"] == "held_out":
            held += 1
            people |= {row["identity"]} - {""}
    photos, sources = counts.total(), ", ".join(f"{source} {count:,}" for source, count in sorted(counts.items()))
    if not held:
        return f"{photos:,} photos ({sources}), one face each; no people were held out, one photo in {ONE_IN} was."
    return (
        f"{photos:,} photos ({sources}), one face each, of which {held:,} of "
        f"{len(people):,} people were held out; without names but near a held-out person: left out."
    )
