"""The report of one network: one HTML file with its pictures inside, and the figures as JSON beside it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import jinja2
import numpy as np

from microface.evaluate.at_threshold import AtThreshold
from microface.evaluate.conditions import FIXED_RATE
from microface.evaluate.copies import COPIES
from microface.evaluate.costs import told_interval, told_milliseconds
from microface.evaluate.groups import GroupsResult
from microface.evaluate.identification import GroupFigures
from microface.evaluate.lfw import LfwResult
from microface.evaluate.open_set import OpenSetResult
from microface.evaluate.plots import conditions_picture, confusions, png_uri, roc_picture, unknown_roc
from microface.evaluate.study import Study
from microface.files import write_json, write_text
from microface.metrics.person_pairs import Rate
from microface.metrics.roc import roc
from microface.models import Cost

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT, FIGURES = "report.html", "report.json"
Cells = tuple[str, ...]


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
        "conditions": [_condition_row(each) for each in study.conditions],
        "conditions_picture": png_uri(conditions_picture(study.conditions, f"{study.package.name}, integer")),
        "fixed": f"{100 * FIXED_RATE:g} %",
        "samples": _samples(study),
        "groups": [_groups(each) for each in study.groups],
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
    for rate in study.open_set.dir_at_fpir[:1] if study.open_set else ():
        yield _percent(rate.dir), f"of enrolled people named, {100 * rate.fpir:g} % of strangers let in"
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


def _open_set(result: OpenSetResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    rows = [
        ("nearest to (0, 1)", *_at(result.best_corner)),
        (f"at most {100 * result.rate:.2g} % of these strangers", *_at(result.chosen_rate)),
    ]
    if result.from_statistics is not None:
        rows.append(("from the package's statistics, as enrolment chooses it", *_at(result.from_statistics)))
    rates = [
        f"DIR at FPIR {100 * each.fpir:g} %: {_percent(each.dir)} (95 %: {100 * each.low:.1f} to {100 * each.high:.1f})"
        for each in result.dir_at_fpir
    ]
    about = f"{result.enrolled:,} of {result.people:,} people enrolled, up to 5 photos each, ten different halves"
    return {"about": about, "rows": rows, "rates": rates}


def _condition_row(each: Any) -> Cells:
    rates = (_percent(value) for value in (each.true_accepts, each.false_accepts))
    return (each.name, each.title, _percent(each.accuracy, each.std_error), *rates)


def _samples(study: Study) -> list[dict[str, str]]:
    names = ("unchanged", *(copy.name for copy in COPIES))
    return [{"name": name, "picture": _jpeg(crop)} for name, crop in zip(names, study.samples, strict=True)]


def _groups(each: GroupsResult) -> dict[str, Any]:
    rows = [
        (g.group, f"{g.people:,}", f"{g.photos:,}", _rate(g.true_accepts), _rate(g.false_accepts)) for g in each.groups
    ]
    low = [f"true accepts at false accepts {rate}: {_rate(tar)}" for rate, tar in each.tar_at_far.items()]
    about = f"by {each.column}; the threshold {each.threshold:,.0f} accepts {each.rate:.2g} of all pairs of two people"
    return {"about": about, "rows": rows, "low": low}


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
