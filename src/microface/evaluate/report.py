"""The report of one network: one HTML file with its pictures inside, and the figures as JSON beside it."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import jinja2
import numpy as np

from microface.evaluate.at_threshold import AtThreshold
from microface.evaluate.conditions import FIXED_RATE, ConditionResult
from microface.evaluate.copies import COPIES
from microface.evaluate.costs import told_interval, told_milliseconds
from microface.evaluate.crops import CropName
from microface.evaluate.groups import GroupsResult
from microface.evaluate.identification import GroupFigures
from microface.evaluate.lfw import LfwResult
from microface.evaluate.open_set import OpenSetResult
from microface.evaluate.plots import conditions_picture, confusions, png_uri, roc_picture, unknown_roc
from microface.evaluate.study import Study
from microface.files import write_json, write_text
from microface.metrics.open_set import RateAt
from microface.metrics.person_pairs import Rate
from microface.metrics.roc import roc
from microface.models import Cost

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT, FIGURES = "report.html", "report.json"
Cells = tuple[str, ...]
_BY = {"aligned": "", "boxes": ", by detector boxes alone"}


def write_report(study: Study, folder: Path) -> Path:
    """Write `report.html` and `report.json` of `study` to `folder`; return the page."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template("report.html.j2").render(**_values(study))
    write_json(folder / FIGURES, study.to_json())
    write_text(folder / REPORT, page)
    return folder / REPORT


def _values(study: Study) -> dict[str, Any]:
    aligned = study.lfw["aligned"]
    return {
        "name": study.package.name,
        "card": study.package.card,
        "model_id": study.package.model_id,
        "about": f"{len(aligned.same):,} pairs of LFW, folds {', '.join(map(str, aligned.folds))}; integer network run "
        f"by the compiled C runtime; score {aligned.engine.score.name}; {aligned.failed_detections} photos without a "
        "found face (the centre crop is used)",
        "facts": [{"value": value, "what": what} for value, what in _facts(study)],
        "lfw": [_lfw_row(label, each) for label, each in study.lfw.items()],
        "roc": png_uri(_lfw_picture(study.lfw)),
        "identification": [row for label, figures in study.identification.items() for row in _named(label, figures)],
        **_people(study.identification),
        "open_set": _open_set(study.open_set),
        "conditions_head": ("copies", "what", *_condition_heads(study.conditions)),
        "conditions": list(_condition_rows(study.conditions)),
        "conditions_picture": png_uri(conditions_picture(study.conditions, f"{study.package.name}, integer")),
        "fixed": f"{100 * FIXED_RATE:g} %",
        "samples": _samples(study),
        "groups": [_groups(each, crop) for crop, each in study.groups.items()],
        "held_out": [_groups(each, "aligned") for each in study.held_out],
        "costs": [_cost_row(each) for each in study.costs],
        "refused": study.refused,
    }


def _facts(study: Study) -> Iterator[tuple[str, str]]:
    aligned = study.lfw["aligned"]
    yield _percent(aligned.accuracy.mean, aligned.accuracy.std_error), "LFW, aligned, plain, integer"
    if "boxes" in study.lfw:
        yield _percent(study.lfw["boxes"].accuracy.mean), "the same by detector boxes alone, as a chip can"
    if "0.01" in aligned.tar_at_far:
        yield _percent(aligned.tar_at_far["0.01"]), "same person accepted where 1 % of others are"
    for each in study.identification.get("aligned", ()):
        yield _percent(each.top1), f"of {each.photos} photos of {each.group or 'all'} named right"
    for crop in ("aligned", "boxes"):
        for rate in study.open_set[crop].dir_at_fpir[:1] if crop in study.open_set else ():
            told = f"of enrolled people named, {100 * rate.fpir:g} % of strangers let in"
            yield _percent(rate.dir), told + _BY[crop]
    for cost in study.costs:
        yield f"{told_interval(cost.milliseconds)} ms", f"a face on {cost.target}, estimated"


def _percent(value: float, error: float | None = None) -> str:
    return f"{100 * value:.2f}" + (f" ± {100 * error:.2f} %" if error is not None else " %")


def _lfw_row(label: str, each: LfwResult) -> Cells:
    tars = (_percent(each.tar_at_far[rate]) if rate in each.tar_at_far else "-" for rate in ("0.1", "0.01"))
    name = label if each.engine.name == "integer" else f"{each.engine.name}: {each.engine.network}"
    return (name, _percent(each.accuracy.mean, each.accuracy.std_error), f"{each.auc:.4f}", *tars)


def _lfw_picture(results: Mapping[str, LfwResult]) -> "Figure":
    shown = {label: each for label, each in results.items() if "mirror" not in label}
    curves = [
        (f"{label}: {_percent(each.accuracy.mean)}", roc(each.distances[each.same], each.distances[~each.same]))
        for label, each in shown.items()
    ]
    first = results["aligned"]
    return roc_picture(curves, f"LFW, {len(first.same):,} pairs", int((~first.same).sum()))


def _named(label: str, figures: Sequence[GroupFigures]) -> Iterator[Cells]:
    for each in figures:
        scores = (_percent(each.top1_by_score[name]) for name in ("l1", "l2norm", "cosine"))
        yield (label, each.group or "all", f"{each.photos} of {len(each.people)} people", _ranged(each), *scores)


def _ranged(each: GroupFigures) -> str:
    return f"{_percent(each.top1)} ({100 * each.interval[0]:.1f} to {100 * each.interval[1]:.1f})"


def _people(identification: Mapping[str, tuple[GroupFigures, ...]]) -> dict[str, Any]:
    if not identification:
        return {"confusions": None, "unknown": None, "strangers": []}
    shown = [(label, figures) for label, figures in identification.items() if label in ("aligned", "teacher")]
    own = identification["aligned"]
    unknown = png_uri(unknown_roc(own, "strangers before the gallery of one group")) if own[0].unknown else None
    return {"confusions": png_uri(confusions(shown)), "unknown": unknown, "strangers": list(_strangers(own))}


def _strangers(figures: Sequence[GroupFigures]) -> Iterator[Cells]:
    for group in figures:
        for each in group.unknown:
            yield (group.group, each.score, "nearest to (0, 1)", *_at(each.corner))
            yield (group.group, each.score, "the same, wrong names count as false", *_at(each.corner_misnamed))
            yield (group.group, each.score, f"at most {100 * each.rate:.1f} % of strangers", *_at(each.chosen_rate))


def _at(each: AtThreshold) -> Cells:
    pairs = (each.named_right, each.named_right_interval), (each.false_accepts, each.false_accepts_interval)
    told = (f"{_percent(value)} ({100 * low:.1f} to {100 * high:.1f})" for value, (low, high) in pairs)
    return (f"{each.threshold:,.0f}", *told)


def _open_set(results: Mapping[CropName, OpenSetResult]) -> dict[str, Any] | None:
    if not results:
        return None
    first = next(iter(results.values()))
    about = f"{first.enrolled:,} of {first.people:,} people enrolled, up to 5 photos each, ten different halves"
    rows = [(crop, *row) for crop, each in results.items() for row in _open_set_rows(each)]
    rates = [f"{crop}: {', '.join(map(_dir, each.dir_at_fpir))}" for crop, each in results.items() if each.dir_at_fpir]
    return {"about": about, "rows": rows, "rates": rates}


def _open_set_rows(result: OpenSetResult) -> Iterator[Cells]:
    yield ("nearest to (0, 1)", *_at(result.best_corner))
    yield (f"at most {100 * result.rate:.2g} % of these strangers", *_at(result.chosen_rate))
    if result.from_statistics is not None:
        yield ("from the package's statistics, as enrolment chooses it", *_at(result.from_statistics))


def _dir(each: RateAt) -> str:
    rate = f"DIR at FPIR {100 * each.fpir:g} %: {_percent(each.dir)}"
    return f"{rate} (95 %: {100 * each.low:.1f} to {100 * each.high:.1f})"


def _condition_heads(by_crop: Iterable[str]) -> Cells:
    crops = tuple(by_crop)
    return (*(f"accuracy, {crop}" for crop in crops), *(f"same person / others accepted, {crop}" for crop in crops))


def _condition_rows(by_crop: Mapping[CropName, Sequence[ConditionResult]]) -> Iterator[Cells]:
    for copies in zip(*by_crop.values(), strict=True):
        accuracies = (_percent(each.accuracy, each.std_error) for each in copies)
        accepted = (f"{_percent(each.true_accepts)} / {_percent(each.false_accepts)}" for each in copies)
        yield (copies[0].name, copies[0].title, *accuracies, *accepted)


def _samples(study: Study) -> list[dict[str, str]]:
    names = ("unchanged", *(copy.name for copy in COPIES))
    return [{"name": name, "picture": _jpeg(crop)} for name, crop in zip(names, study.samples, strict=True)]


def _groups(each: GroupsResult, crop: str) -> dict[str, Any]:
    rows = [
        (g.group, f"{g.people:,}", f"{g.photos:,}", _rate(g.true_accepts), _rate(g.false_accepts)) for g in each.groups
    ]
    low = [f"true accepts at false accepts {rate}: {_rate(tar)}" for rate, tar in each.tar_at_far.items()]
    accepted = f"the threshold {each.threshold:,.0f} accepts {each.rate:.2g} of all pairs of two people"
    return {"about": f"by {each.column}, {crop}; {accepted}", "rows": rows, "low": low}


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "no pairs"
    return f"{_percent(rate.value)} ({100 * rate.low:.2f} to {100 * rate.high:.2f}) of {rate.pairs:,}"


def _cost_row(each: Cost) -> Cells:
    sizes = (f"{size:,}" for size in (each.flash_bytes, each.arena_bytes, each.stack_bytes))
    how = "counted on the emulated chip" if each.counted else "estimated by the plan"
    return (each.target, f"{each.instructions:,}", told_milliseconds(each.milliseconds, each.accelerator), *sizes, how)


def _jpeg(crop: np.ndarray) -> str:
    data = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
