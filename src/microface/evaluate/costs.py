"""What a network costs on each chip: counted on the emulated one where it can run, else planned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from microface.chip.devices.bench import measure_on_chip, require_emulator
from microface.chip.firmware.max78000.memory import Extras, arena_bytes, processor_memory
from microface.chip.plan import Line, Shortage, plan
from microface.chip.plan.max78000 import plan_accelerator, runs_accelerated
from microface.chip.plan.max78000.inference import inference_time
from microface.chip.plan.memory import STACK_BYTES
from microface.chip.plan.report import RESERVED
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import Cost, ModelPackage
from microface.network import IntegerNetwork
from microface.network.ops.base import WeightedOperator

HOST = "host"


@dataclass(frozen=True)
class Estimate:
    """What the plan says before anything is built: the `cost`, all RAM in bytes, and what does not fit."""

    cost: Cost
    ram_bytes: int
    shortages: tuple[Shortage, ...]


def chips() -> tuple[str, ...]:
    """Return the names of the shipped chips."""
    return tuple(name for name in Target.names() if name != HOST)


def parameters(network: IntegerNetwork) -> int:
    """Return the number of weights and biases of `network`."""
    weighted = [operator for operator in network.operators if isinstance(operator, WeightedOperator)]
    return sum(int(operator.weights.size + operator.bias.size) for operator in weighted)


def estimate(package: ModelPackage, target: Target) -> Estimate:
    """Return the plan's estimate, by the accelerator where `target` has one that `package` is made for.

    A `UserError` where the chip cannot run it at all.
    """
    accelerated = runs_accelerated(package.network, target)
    return (_by_accelerator if accelerated else _by_processor)(package, target)


def _by_processor(package: ModelPackage, target: Target) -> Estimate:
    planned = plan(package.network, target)
    sizes = planned.flash_bytes, planned.arena_bytes, planned.stack_bytes
    time = planned.instructions, planned.milliseconds
    return Estimate(
        Cost(target.name, *time, *sizes, False, _command(package, target)), _total(planned.ram), planned.shortages
    )


def _by_accelerator(package: ModelPackage, target: Target) -> Estimate:
    planned = plan_accelerator(package.network, target)
    time, memory = inference_time(planned, target), processor_memory([planned], target, Extras(people=True))
    sizes = _total(memory.flash), arena_bytes(planned.network), STACK_BYTES
    about = False, _command(package, target), time.accelerator
    cost = Cost(target.name, time.instructions, time.milliseconds, *sizes, *about)
    return Estimate(cost, _total(memory.ram), memory.shortages)


def _command(package: ModelPackage, target: Target) -> str:
    return f"microface plan {package.name} --target {target.name}"


def _total(lines: Sequence[Line]) -> int:
    return sum(line.bytes for line in lines if line.what != RESERVED)


def planned_cost(package: ModelPackage, target: Target) -> Cost:
    """Return the plan's estimate; a `UserError` where `package` does not fit `target`."""
    planned = estimate(package, target)
    if planned.shortages:
        raise UserError(f"{package.name} on {target.name}", str(planned.shortages[0]), "choose a smaller network")
    return planned.cost


def counted_cost(package: ModelPackage, target: Target) -> Cost:
    """Return what the emulated chip counts; a `UserError` where it is not installed or `package` does not fit."""
    planned_cost(package, target)
    require_emulator()
    found = measure_on_chip(package, target)
    sizes = found.flash_bytes, found.arena_bytes, found.stack_bytes
    about = True, f"microface bench {package.name} --target {target.name}", found.accelerator_milliseconds
    return Cost(target.name, found.instructions, found.estimated_milliseconds, *sizes, *about)


def known_cost(package: ModelPackage, target: Target) -> Cost | None:
    """Return what the card of `package` has counted on `target`; None where it has not.

    A count of the processor says nothing where the accelerator runs the network.
    """
    found = next((each for each in package.card.costs if each.target == target.name and each.counted), None)
    accelerated = runs_accelerated(package.network, target)
    return found if found is not None and (found.accelerator is not None) == accelerated else None


def told_milliseconds(milliseconds: tuple[float, float], accelerator: tuple[float, float] | None) -> str:
    """Return an estimate (low, high) as text, and the part of it that an accelerator takes, where there is one."""
    own = f" ({told_interval(accelerator)} on the accelerator)" if accelerator else ""
    return told_interval(milliseconds) + own


def told_interval(bounds: tuple[float, float], to: str = " to ") -> str:
    """Return milliseconds (low, high) as text, `to` between them."""
    low, high = map(told_bound, bounds)
    return low if low == high else f"{low}{to}{high}"


def told_bound(milliseconds: float) -> str:
    """Return an estimate of milliseconds with three digits or all before the point."""
    return f"{milliseconds:,.0f}" if milliseconds >= 1000 else f"{milliseconds:.3g}"


def costs(package: ModelPackage, targets: Sequence[str], count: bool = True) -> tuple[tuple[Cost, ...], list[str]]:
    """Return the costs on those `targets` that `package` runs on, and a sentence on each of the others."""
    refused: list[str] = []
    return tuple(_costs(package, targets, count, refused)), refused


def _costs(package: ModelPackage, targets: Sequence[str], count: bool, refused: list[str]) -> Iterator[Cost]:
    for name in targets:
        try:
            yield (counted_cost if count else planned_cost)(package, Target.load(name))
        except UserError as error:
            refused.append(str(error))
