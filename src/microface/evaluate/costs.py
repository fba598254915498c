"""What a network costs on each chip: counted on the emulated one where it can run, else planned."""

from collections.abc import Iterator, Sequence

from microface.chip.devices.bench import measure_on_chip, require_emulator
from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import Cost, ModelPackage
from microface.network import IntegerNetwork
from microface.network.ops.base import WeightedOperator

HOST = "host"


def chips() -> tuple[str, ...]:
    """Return the names of the shipped chips."""
    return tuple(name for name in Target.names() if name != HOST)


def parameters(network: IntegerNetwork) -> int:
    """Return the number of weights and biases of `network`."""
    weighted = [operator for operator in network.operators if isinstance(operator, WeightedOperator)]
    return sum(int(operator.weights.size + operator.bias.size) for operator in weighted)


def planned_cost(package: ModelPackage, target: Target) -> Cost:
    """Return the plan's estimate; a `UserError` where `package` does not fit `target`."""
    planned = plan(package.network, target)
    if not planned.fits:
        raise UserError(f"{package.name} on {target.name}", str(planned.shortages[0]), "choose a smaller network")
    sizes = planned.flash_bytes, planned.arena_bytes, planned.stack_bytes
    command = f"microface plan {package.name} --target {target.name}"
    return Cost(target.name, planned.instructions, planned.milliseconds, *sizes, False, command)


def counted_cost(package: ModelPackage, target: Target) -> Cost:
    """Return what the emulated chip counts; a `UserError` where it is not installed or `package` does not fit."""
    planned_cost(package, target)
    require_emulator()
    found = measure_on_chip(package, target)
    sizes = found.flash_bytes, found.arena_bytes, found.stack_bytes
    command = f"microface bench {package.name} --target {target.name}"
    return Cost(target.name, found.instructions, found.estimated_milliseconds, *sizes, True, command)


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
