"""The comparison of networks in one table: accuracy by the integer network, size, and cost per chip."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from microface import models
from microface.errors import UserError
from microface.evaluate.costs import costs, parameters, told_interval
from microface.evaluate.crops import CropName, shipped_crops
from microface.evaluate.engines import Engine
from microface.evaluate.lfw import LfwResult
from microface.evaluate.material import Material
from microface.evaluate.onnx_cost import onnx_cost
from microface.models import Cost


@dataclass(frozen=True)
class Row:
    """One network; fractions 0..1. `identification`: top-1 by group.

    `as_shipped` and `identification_as_shipped` are the same with the crops that a chip can make, by crop: detector
    boxes alone (a loose crop is that already), or a fixed rectangle.
    """

    network: str
    engine: str
    model_id: str
    input: str
    macs: int
    parameters: int
    lfw: float
    lfw_std_error: float
    lfw_float: float | None
    tar_at_far: dict[str, float]
    identification: dict[str, float]
    as_shipped: dict[str, float]
    identification_as_shipped: dict[str, dict[str, float]]
    costs: tuple[Cost, ...]
    refused: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the row."""
        return asdict(self)


def compare(networks: Sequence[str], material: Material, targets: Sequence[str], count: bool = True) -> Iterator[Row]:
    """Yield the row of each package of `networks` by the integer network, then the teacher's where it is given."""
    if not networks:
        raise UserError("evaluate all", "has no network to compare", "name packages")
    for network in networks:
        yield _integer(network, material, targets, count)
    if material.teacher is not None:
        yield _teacher(networks[0], material.teacher, material)


def _integer(network: str, material: Material, targets: Sequence[str], count: bool) -> Row:
    package, engine = models.load(network), material.engine(network)
    result = material.lfw(engine)
    found, refused = costs(package, targets, count)
    floating = material.lfw(material.engine(network, "float")) if models.has_float_network(network) else None
    sizes = package.network.macs, parameters(package.network)
    crops = shipped_crops(engine.preprocess)
    beside = _Beside(
        floating.accuracy.mean if floating else None,
        {crop: each.accuracy.mean for crop, each in material.as_shipped(engine).items()},
        {crop: top for crop in crops if (top := _top1(material, engine, crop))},
    )
    return _row(engine, result, material, sizes, beside, found, tuple(refused))


@dataclass(frozen=True)
class _Beside:
    """What stands beside the aligned figures of a row; the teacher has none of it."""

    floating: float | None = None
    lfw: dict[str, float] = field(default_factory=dict)
    identification: dict[str, dict[str, float]] = field(default_factory=dict)


def _top1(material: Material, engine: Engine, crop: CropName = "aligned") -> dict[str, float]:
    return {each.group or "all": each.top1 for each in material.identification(engine, crop)}


def _teacher(network: str, path: Path, material: Material) -> Row:
    engine = material.engine(network, "teacher")
    return _row(engine, material.lfw(engine), material, onnx_cost(path), _Beside(), (), ())


def _row(
    engine: Engine,
    result: LfwResult,
    material: Material,
    sizes: tuple[int, int],
    beside: _Beside,
    found: tuple[Cost, ...],
    refused: tuple[str, ...],
) -> Row:
    crop = f"{engine.preprocess.width} x {engine.preprocess.height} {engine.preprocess.geometry}"
    accuracy = result.accuracy.mean, result.accuracy.std_error
    about = engine.network, engine.name, engine.model_id, crop
    shares, shipped = (result.tar_at_far, _top1(material, engine)), (beside.lfw, beside.identification)
    return Row(*about, *sizes, *accuracy, beside.floating, *shares, *shipped, found, refused, result.seconds)


_SHIPPED = ("boxes", "centre")
ACCURACY = ("LFW, %", *_SHIPPED, "float", "TAR at FAR 1 %")
NAMED = ("aligned", *_SHIPPED)
SIZE = ("input", "MACs", "parameters")
COST = ("flash", "instructions", "estimated time")


def name_of(row: Row) -> str:
    """Return the network's name, with its engine where that is not the integer one."""
    return row.network if row.engine == "integer" else f"{row.network} ({row.engine})"


def accuracy_cells(row: Row) -> tuple[str, ...]:
    """Return the row as text under `ACCURACY`."""
    return (
        f"{100 * row.lfw:.2f} ± {100 * row.lfw_std_error:.2f}",
        *(f"{100 * value:.2f}" if value is not None else "-" for value in (*_shipped(row), row.lfw_float)),
        f"{100 * row.tar_at_far['0.01']:.1f} %" if "0.01" in row.tar_at_far else "-",
    )


def _shipped(row: Row) -> Iterator[float | None]:
    return (row.as_shipped.get(crop) for crop in _SHIPPED)


def named_cells(row: Row) -> tuple[str, ...]:
    """Return the shares of people named right, in %, as text under `NAMED`."""
    figures = (row.identification, *(row.identification_as_shipped.get(crop, {}) for crop in _SHIPPED))
    return tuple(", ".join(f"{group} {100 * top1:.1f}" for group, top1 in each.items()) or "-" for each in figures)


def size_cells(row: Row) -> tuple[str, ...]:
    """Return the row as text under `SIZE`."""
    return row.input, f"{row.macs / 1e6:.1f} M", f"{row.parameters / 1e6:.2f} M"


def cost_cells(cost: Cost) -> tuple[str, ...]:
    """Return what a face costs on a chip as text under `COST`."""
    instructions = f"{cost.instructions / 1e6:.2f} M{'' if cost.counted else ' (plan)'}"
    own = f" ({told_interval(cost.accelerator)} on the accelerator)" if cost.accelerator else ""
    return f"{cost.flash_bytes / 1024:.0f} KiB", instructions, f"{told_interval(cost.milliseconds, '-')} ms{own}"


def markdown(rows: Sequence[Row], targets: Sequence[str]) -> str:
    """Return everything as one Markdown table; each chip has a column."""
    named = (f"named right, %: {crop}" for crop in NAMED)
    head = ("network", *SIZE, *ACCURACY, *named, *(f"{target}: flash, instructions, ms" for target in targets))
    lines = [head, tuple("---" for _ in head), *(_whole(row, targets) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _whole(row: Row, targets: Sequence[str]) -> tuple[str, ...]:
    by_target = {each.target: ", ".join(cost_cells(each)) for each in row.costs}
    chips = (by_target.get(target, "-") for target in targets)
    return (name_of(row), *size_cells(row), *accuracy_cells(row), *named_cells(row), *chips)
