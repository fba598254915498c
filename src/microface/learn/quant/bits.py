"""How many bits the weights of each layer get: as told, or chosen by what they cost under a budget of flash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from microface.chip.plan import plan
from microface.chip.targets import Target
from microface.errors import UserError
from microface.learn.quant.calibrate import Quantisable
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.lower import lower
from microface.learn.quant.options import AUTO
from microface.learn.quant.sensitivity import candidates

_GRAIN = 64
"""Bytes that count as one when layers are chosen."""
_TRIES = 8


@dataclass(frozen=True)
class Wanted:
    """Bits by layer as told; with `auto` other layers are chosen so that flash is at most `budget` x that of 8 bits."""

    layers: Mapping[str, int]
    auto: bool = False
    budget: float = 1.0


def parse(texts: Sequence[str], budget: str, graph: FloatGraph) -> Wanted:
    """Read `--bits` (8, 4, auto or LAYER=4, several) and `--budget` (as 65%) for the layers of `graph`."""
    if AUTO in texts:
        told = parse([text for text in texts if text != AUTO], "", graph)
        return Wanted(told.layers, True, _share(budget))
    if budget:
        raise UserError(f"--budget {budget}", "only goes with --bits auto", "add --bits auto")
    bits: dict[str, int] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if number not in ("4", "8"):
            raise UserError(f"--bits {text}", "is not known", "use 8, 4, auto or LAYER=4")
        if name and name not in {node.name for node in graph.weighted()}:
            known = ", ".join(node.name for node in graph.weighted())
            raise UserError(f"--bits {text}", "names no layer with weights", f"choose among {known}")
        bits |= dict.fromkeys([name] if name else candidates(graph), int(number))
    return Wanted(bits)


def _share(budget: str) -> float:
    try:
        share = float(budget.removesuffix("%")) / 100 if budget.endswith("%") else float(budget)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UserError(f"--budget {budget}".rstrip(), "is not a share of the flash", "write for example --budget 65%")
    return share


def chosen(start: Quantisable, losses: Mapping[str, float], wanted: Wanted, target: str) -> dict[str, int]:
    """Return 4 bits for the layers that cost least together, so that the plan's flash keeps to the budget.

    `start` is the network with 8 bits, `losses` what 4 bits cost each layer that may have them; layers whose bits are
    told keep those.
    """
    chip, graph, told = Target.load(target), start[0], dict(wanted.layers)
    whole = _flash(start, chip)
    allowed, free = int(whole * wanted.budget), {n: loss for n, loss in losses.items() if n not in told}
    saved = {name: graph_bytes(graph, name) // 2 for name in free}
    missing = _flash((graph.with_bits(told), start[1]), chip) - allowed
    for _ in range(_TRIES):
        if missing > sum(saved.values()):
            break
        bits = told | dict.fromkeys(cheapest(free, saved, max(missing, 0)), 4)
        excess = _flash((graph.with_bits(bits), start[1]), chip) - allowed
        if excess <= 0:
            return bits
        missing += excess
    least = _flash((graph.with_bits(told | dict.fromkeys(free, 4)), start[1]), chip) / whole
    reason = f"cannot be kept: all layers that may have 4 bits give {100 * least:.1f} %"
    mend = "give a larger one, a smaller --size, or name further layers as --bits LAYER=4"
    raise UserError(f"--budget {100 * wanted.budget:g}%", reason, mend)


def graph_bytes(graph: FloatGraph, name: str) -> int:
    """Return the bytes of the weights of layer `name` at 8 bits."""
    return next(int(node.weights.size) for node in graph.weighted() if node.name == name)


def _flash(quantisable: Quantisable, chip: Target) -> int:
    return plan(lower(*quantisable), chip).flash_bytes


def cheapest(losses: Mapping[str, float], saved: Mapping[str, int], wanted: int) -> list[str]:
    """Return the layers with the least sum of `losses` among all sets that save `wanted` bytes or more: a knapsack.

    Bytes are counted in whole 64s, rounded down, so the set never saves less than it seems.
    """
    names = [name for name in losses if saved[name] >= _GRAIN]
    need = -(-wanted // _GRAIN)
    best = np.full(need + 1, np.inf)
    best[0] = 0.0
    taken = np.zeros((len(names), need + 1), bool)
    for row, name in enumerate(names):
        grains = saved[name] // _GRAIN
        before = best[np.maximum(np.arange(need + 1) - grains, 0)] + max(losses[name], 0.0)
        taken[row] = before < best
        best = np.where(taken[row], before, best)
    return _walk_back(names, saved, taken, need)


def _walk_back(names: Sequence[str], saved: Mapping[str, int], taken: np.ndarray, need: int) -> list[str]:
    chosen_names, left = [], need
    for row in range(len(names) - 1, -1, -1):
        if taken[row, left]:
            chosen_names.append(names[row])
            left = max(0, left - saved[names[row]] // _GRAIN)
    return chosen_names[::-1]
