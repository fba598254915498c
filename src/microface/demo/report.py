"""The demo's report: one HTML file with its pictures inside."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import jinja2
import numpy as np

from microface.chip.plan import Plan
from microface.chip.plan.max78000 import AcceleratorPlan
from microface.chip.plan.max78000.picture import memory_map as accelerator_map
from microface.chip.plan.picture import cost_per_layer, memory_map
from microface.chip.targets import Target
from microface.demo.result import DemoResult, Verdict
from microface.evaluate.plots import png_uri
from microface.files import write_text
from microface.sizes import show_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTES = (
    "Faces were found and cropped on the host in this release; the emulated chip got the crop.",
    "A printed photo of an enrolled person would be accepted: there is no test that a face is alive.",
    "Instructions are counted on the emulated chip and repeat exactly; milliseconds are estimated from them.",
)
MADE_UP = "These people do not exist and were selected to be easy: the rate is a check of the way, not an accuracy."
COUNTED = "instructions of each layer, counted on the emulated chip"
CYCLES = "cycles of each layer, by the accelerator's model"
_PICTURE_WIDTH = 200
_DPI = 110


def write_report(result: DemoResult, path: Path) -> None:
    """Write the report of `result` to `path`, wholly or not at all."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
    write_text(path, environment.get_template("report.html.j2").render(**_values(result)))


def _values(result: DemoResult) -> dict[str, Any]:
    made_up = (MADE_UP,) if result.cast.made_up else ()
    costs = [(layer.name, layer.cost) for layer in result.layers]
    return {
        "title": "A face recognised on an emulated chip",
        "lead": f"{result.package.name} on {result.firmware.target.title}; {result.cast.title}.",
        "facts": [{"value": value, "what": what} for value, what in _facts(result)],
        "visits": [_visit(verdict, result) for verdict in result.verdicts],
        "threshold_lines": result.threshold_lines,
        "memory_map": png_uri(_map(result.plan, result.firmware.target), _DPI),
        "cost_per_layer": png_uri(_cost_per_layer(costs, result), _DPI),
        "people": [_person(name, photos, result) for name, photos in _photos(result)],
        "notes": (*made_up, *NOTES, f"Weights: {result.package.card.licence}", result.package.card.limits),
    }


def _cost_per_layer(costs: list[tuple[str, int]], result: DemoResult) -> "Figure":
    if result.accelerator is None:
        return cost_per_layer(costs, COUNTED)
    return cost_per_layer(costs, CYCLES, "cycles")


def _map(plan: Plan | AcceleratorPlan, target: Target) -> "Figure":
    return memory_map(plan, target) if isinstance(plan, Plan) else accelerator_map(plan, target)


def _photos(result: DemoResult) -> Iterator[tuple[str, int]]:
    yield from zip(result.gallery.names, result.gallery.photos, strict=True)


def _person(name: str, photos: int, result: DemoResult) -> dict[str, Any]:
    left_out = result.refused.get(name, 0)
    return {"name": name, "photos": photos, "refused": f"{left_out} refused by the quality gate" if left_out else ""}


def _facts(result: DemoResult) -> Iterator[tuple[str, str]]:
    known, strangers = result.share(False), result.share(True)
    low, high = result.milliseconds
    yield f"{known[0]} of {known[1]}", "visits of enrolled people named right"
    yield f"{strangers[0]} of {strangers[1]}", "visits of strangers told unknown"
    yield f"{result.instructions / 1e6:.2f} M", "instructions per face, counted"
    if result.accelerator is not None:
        yield f"{result.accelerator[0] / 1000:.1f} to {result.accelerator[1] / 1000:.1f} ms", "accelerator, estimated"
    yield f"{low:.0f} to {high:.0f} ms", f"per face at {result.firmware.target.timing.clock_hz / 1e6:g} MHz, estimated"
    yield show_size(result.firmware.flash_bytes), "flash: code and constants, measured"
    yield show_size(result.firmware.arena_bytes), "RAM of the arena"
    yield f"{result.stack_bytes} B", "stack, high-water mark"
    yield f"{result.gallery.threshold:,}", "threshold"


def _visit(verdict: Verdict, result: DemoResult) -> dict[str, Any]:
    threshold = max(1, result.gallery.threshold)
    distance = verdict.distance
    detail = f"distance {distance:,} to {verdict.nearest}" if distance is not None else "no embedding"
    return {
        "picture": jpeg_uri(verdict.photo),
        "right": verdict.right,
        "answer": verdict.answer,
        "truth": verdict.visit.person or "a stranger",
        "detail": detail,
        "share": min(100, 50 * (distance or 0) / threshold),
        "mark": 50,
    }


def jpeg_uri(photo: np.ndarray) -> str:
    """Return the RGB `photo` as a data URI of a small JPEG."""
    height = round(photo.shape[0] * _PICTURE_WIDTH / photo.shape[1])
    small = cv2.resize(photo, (_PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
