"""A network and one in front of it on one accelerator: both networks' weights stay, so both have to fit."""

from collections.abc import Iterator

from microface.chip.application.wake import fold_of
from microface.chip.plan.max78000 import AcceleratorPlan, Refusal, plan_accelerator, plan_together
from microface.chip.plan.max78000.rules import limit
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models.presence import load_presence, presence_names
from microface.network import IntegerNetwork


def place_both(network: IntegerNetwork, wake: IntegerNetwork | None, target: Target) -> tuple[AcceleratorPlan, ...]:
    """Return the plan of `network`, and behind it that of `wake`, which looks first (None: no other).

    A `wake` that does not fit is a `UserError` that says which network takes how much, and which ones would fit.
    """
    first = plan_accelerator(network, target)
    if wake is None:
        return (first,)
    fold_of(wake)
    try:
        return plan_together([network, wake], target)
    except UserError as error:
        raise UserError(*_sentence(error, first, wake, target)) from error


def _sentence(error: UserError, first: AcceleratorPlan, wake: IntegerNetwork, target: Target) -> tuple[str, str, str]:
    what = f"--wake {wake.name}, {error.what}"
    if not isinstance(error, Refusal):
        return what, error.reason, error.mend
    taken = f"{first.name} takes {max(first.column_ends)} of a processor's {limit(target, 'weight_columns')} columns"
    others = ", ".join(_fitting(first.network, target)) or "no shipped one"
    return what, f"{error.reason}; {taken}", f"{error.mend}, or choose what fits beside it: {others}"


def _fitting(network: IntegerNetwork, target: Target) -> Iterator[str]:
    """Yield the shipped face / no-face networks that fit beside `network`."""
    for name in presence_names():
        try:
            plan_together([network, load_presence(name).network], target)
        except UserError:
            continue
        yield name
