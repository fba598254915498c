"""Random networks drawn together with a legal placement: whoever drew them knows that they can be placed.

Shares no code with the planner: columns, data memories and biases are booked here in plain arrays, by the limits of
the hardware as the data sheet gives them.
"""

import math
from dataclasses import dataclass, field

import numpy as np

COLUMNS, WORDS, PROCESSORS, MEMORIES = 768, 8192, 64, 16


@dataclass
class Drawn:
    """A network as plain dicts, and how full its placement is."""

    layers: list[dict] = field(default_factory=list)
    fullest_columns: float = 0.0
    fullest_memory: float = 0.0

    @property
    def tight(self) -> bool:
        return max(self.fullest_columns, self.fullest_memory) > 0.8


@dataclass
class Place:
    """Where a tensor lies: processors, and words `at` .. `at + size` of each of their memories (gaps included)."""

    mask: np.ndarray
    at: int
    size: int
    fill: float = 0.0  # of the fullest of its memories, when it was drawn

    @property
    def memories(self) -> set[int]:
        return set(np.flatnonzero(self.mask) // 4)


def _starts_anywhere(layer: dict) -> bool:
    return layer["operation"] == "conv2d" and layer["kernel"] == (3, 3) and layer["bits"] == 8


def _lanes(rng: np.random.Generator, channels: int, loose: bool) -> np.ndarray:
    rounds = math.ceil(channels / 64)
    count = channels if rounds == 1 else math.ceil(math.ceil(channels / rounds) / 4) * 4
    start = int(rng.integers(0, (64 - count) // 4 + 1)) * 4
    if rounds == 1 and loose and rng.random() < 0.3:
        start = int(rng.integers(0, 64 - count + 1))  # begins inside a data memory
    mask = np.zeros(PROCESSORS, bool)
    mask[start : start + count] = True
    return mask


class Artist:
    """Draws one network, layer by layer, as long as its placement stays legal."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.drawn, self.columns = Drawn(), np.zeros((PROCESSORS, COLUMNS), bool)
        self.bias = [0, 0, 0, 0]
        self.style = self.rng.choice(["small", "wide", "picture", "mixed"], p=[0.1, 0.45, 0.25, 0.2])
        self.wanted = int(self.rng.integers(1, 33))

    def draw(self) -> Drawn:
        shape = self._first_shape()
        place = self._room(shape, [])
        name, number = "input", 0
        misses = 0
        while number < self.wanted and misses < 12:
            residual = self.rng.random() < 0.12 and number + 3 <= self.wanted and shape[2] <= 64
            step = self._residual(name, shape, place, number) if residual else self._step(name, shape, place, number)
            if step is None:
                misses += 1
                continue
            name, shape, place, number = step
        self.drawn.fullest_columns = float(self.columns.mean(axis=1).max())
        return self.drawn

    def _first_shape(self) -> tuple[int, int, int]:
        side = {"small": 40, "wide": 24, "picture": 90, "mixed": 64}[self.style]
        height, width = (int(self.rng.integers(4, side + 1)) for _ in range(2))
        channels = int(self.rng.choice([1, 3, 3, 3, 12, 16, 48, 64]))
        return min(height, 8192 // width), width, channels

    def _outputs(self) -> int:
        if self.style == "wide":
            return int(
                self.rng.choice(
                    [32, 64, 64, 64, 96, 128, 256, 512, 1024], p=[0.1, 0.2, 0.2, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02]
                )
            )
        return int(np.exp(self.rng.uniform(0, np.log(96 if self.style != "mixed" else 300)))) or 1

    def _room(
        self,
        shape: tuple[int, int, int],
        others: list[Place],
        mask: np.ndarray | None = None,
        gap: int = 1,
        loose: bool = True,
    ) -> Place | None:
        """Draw processors and an offset at which none of `others` lies."""
        size = shape[0] * shape[1] * math.ceil(shape[2] / 64) * gap
        for _ in range(12):
            lanes = _lanes(self.rng, shape[2], loose) if mask is None else mask
            memories = set(np.flatnonzero(lanes) // 4)
            free = np.ones(WORDS, bool)
            for other in others:
                if other.memories & memories:
                    free[other.at : other.at + other.size] = False
            total = np.concatenate([[0], np.cumsum(free)])
            run = total[size:] - total[: WORDS + 1 - size] == size if size <= WORDS else np.zeros(0, bool)
            spots = np.flatnonzero(run)
            if len(spots):
                return self._filled(Place(lanes, int(self.rng.choice(spots)), size), others)
        return None

    def _filled(self, place: Place, others: list[Place]) -> Place:
        for memory in place.memories:
            used = place.size + sum(other.size for other in others if memory in other.memories)
            place.fill = max(place.fill, used / WORDS)
        return place

    def _keep(self, *places: Place) -> None:
        self.drawn.fullest_memory = max(self.drawn.fullest_memory, *(place.fill for place in places))

    def _weights(self, inputs: np.ndarray, outputs: np.ndarray, layer: dict) -> bool:
        """Book columns at a random start in every processor of `inputs`."""
        cin, cout = layer["source"][2], layer["result"][2]
        rounds_out, rounds_in = math.ceil(cout / 64), math.ceil(cin / 64)
        on = np.flatnonzero(outputs)
        span = on[-1] - on[0] + 1
        flat = layer["operation"] == "linear" and layer["pooled"][0] * layer["pooled"][1] > 1
        kernels = cout * layer["pooled"][0] * layer["pooled"][1] * rounds_in if flat else span * rounds_out * rounds_in
        taps = 1 if flat else layer["kernel"][0] * layer["kernel"][1]
        q = 8 // layer["bits"]
        need = math.ceil((kernels * taps * layer["bits"] + (kernels % q) * taps * (q - 1)) / 72)
        need += on[0] % 4 * rounds_in  # outputs count from the first processor of a data memory
        busy = self.columns[inputs].any(axis=0)
        starts = [s for s in range(0, COLUMNS - need + 1, 4) if not busy[s : s + need].any()] if need <= COLUMNS else []
        if not starts:
            return False
        # Mostly the lowest or highest place, so that full memories are drawn at all.
        start = int(self.rng.choice([starts[0], starts[-1], self.rng.choice(starts)], p=[0.7, 0.2, 0.1]))
        self.columns[np.ix_(inputs, range(start, start + need))] = True
        return True

    def _biases(self, layer: dict, outputs: np.ndarray) -> bool:
        if not layer["biased"]:
            return True
        need = layer["result"][2] + int(np.flatnonzero(outputs)[0]) % 4 * math.ceil(layer["result"][2] / 64)
        fitting = [i for i in range(4) if self.bias[i] + need <= 512]
        if fitting:
            self.bias[int(self.rng.choice(fitting))] += need
        return bool(fitting)

    def _shape_of(self, name: str, shape: tuple[int, int, int]) -> dict:
        """Draw one layer's pool, kernel, outputs and bits."""
        rng, (height, width, channels) = self.rng, shape
        linear = rng.random() < 0.05 and height * width <= 256 and height * width * channels <= 16384
        linear = linear and (channels <= 64 or channels in (128, 256)) and (height * width > 1 or channels <= 1024)
        pool = int(rng.choice([1, 1, 1, 2, 2, 3]))
        pool = 1 if min(height, width) < pool or linear else pool
        stride = int(rng.integers(1, pool + 1))
        pooled = ((height - pool) // stride + 1, (width - pool) // stride + 1, channels)
        outputs = min(self._outputs(), 1024)
        size = int(rng.choice([1, 3, 3, 3])) if not linear else 0
        pad = 0 if size != 3 else 1 if min(pooled[:2]) < 3 else int(rng.integers(0, 2))
        result = (
            (1, 1, outputs)
            if linear
            else (pooled[0] + 2 * pad - max(size, 1) + 1, pooled[1] + 2 * pad - max(size, 1) + 1, outputs)
        )
        return {
            "operation": "linear" if linear else "conv2d",
            "inputs": (name,), "source": shape, "pooled": pooled, "result": result,
            "kernel": pooled[:2] if linear else (size, size), "padding": (pad, pad),
            "pool": "none" if pool == 1 else str(rng.choice(["max", "average"])),
            "pool_size": (pool, pool), "pool_stride": (stride, stride) if pool > 1 else (1, 1),
            "bits": int(rng.choice([1, 2, 4, 8, 8, 8])), "biased": bool(rng.random() < 0.3 and outputs <= 512),
            "activation": str(rng.choice(["none", "relu", "abs"])), "eltwise": "none",
        }  # fmt: skip

    def _finish(self, layer: dict, inputs: np.ndarray, outputs: np.ndarray, number: int) -> str | None:
        """Book weights and biases of `layer`, name it and keep it."""
        columns, bias = self.columns.copy(), list(self.bias)
        booked = layer["operation"] == "passthrough" or (
            self._weights(inputs, outputs, layer) and self._biases(layer, outputs)
        )
        if not booked:
            self.columns, self.bias = columns, bias
            return None
        layer |= {"name": f"layer{number}", "output": f"t{number}"}
        self.drawn.layers.append(layer)
        return layer["output"]

    def _step(self, name: str, shape: tuple[int, int, int], place: Place, number: int) -> tuple | None:
        layer = self._shape_of(name, shape)
        target = self._room(layer["result"], [place], loose=_starts_anywhere(layer))
        output = self._finish(layer, place.mask, target.mask, number) if target else None
        if output is None:
            return None
        self._keep(target)
        return output, layer["result"], target, number + 1

    def _residual(self, name: str, shape: tuple[int, int, int], place: Place, number: int) -> tuple | None:
        """A copy of the tensor and a convolution of it, side by side, added and convolved."""
        same = {"source": shape, "pooled": shape, "result": shape, "kernel": (1, 1), "padding": (0, 0)}
        plain = {"pool": "none", "pool_size": (1, 1), "pool_stride": (1, 1), "biased": False, "activation": "none"}
        both = self._room(shape, [place], place.mask, gap=2)
        layer = self._shape_of("", shape) | {"eltwise": str(self.rng.choice(["add", "sub", "or", "xor"]))}
        target = (
            self._room(layer["result"], [both], loose=_starts_anywhere(layer))
            if both and layer["operation"] == "conv2d"
            else None
        )
        if target is None:
            return None
        kept, columns, bias = len(self.drawn.layers), self.columns.copy(), list(self.bias)
        copy = same | plain | {"operation": "passthrough", "inputs": (name,), "bits": 8, "eltwise": "none"}
        inner = same | plain | {"operation": "conv2d", "inputs": (name,), "bits": 8, "eltwise": "none"}
        inner |= {"kernel": (3, 3), "padding": (1, 1)}
        first = self._finish(copy, place.mask, place.mask, number)
        second = self._finish(inner, place.mask, place.mask, number + 1)
        output = (
            self._finish(layer | {"inputs": (first, second)}, place.mask, target.mask, number + 2) if second else None
        )
        if output is None:
            del self.drawn.layers[kept:]
            self.columns, self.bias = columns, bias
            return None
        self._keep(both, target)
        return output, layer["result"], target, number + 3


def draw(seed: int) -> Drawn:
    """Return the network of `seed`: at least one layer, at most 32."""
    while True:
        drawn = Artist(seed).draw()
        if drawn.layers:
            return drawn
        seed += 1_000_003
