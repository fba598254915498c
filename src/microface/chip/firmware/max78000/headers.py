"""`weights.h`, `sampledata.h` and `sampleoutput.h`: the tables of the known-answer test."""

from collections.abc import Iterator, Mapping

import numpy as np

from microface.chip.firmware.max78000.data import input_places, output_places, runs, words_of
from microface.chip.firmware.max78000.input import input_groups, words_for
from microface.chip.firmware.max78000.kernels import blocks, memory_of
from microface.chip.plan.max78000.bias import MEMORIES
from microface.chip.plan.max78000.plan import AcceleratorPlan, PlacedLayer
from microface.network.ops.max78000 import AcceleratorConv

_PER_LINE = 8


def operators_of(plan: AcceleratorPlan) -> dict[str, AcceleratorConv]:
    """Return the operators with weights by name."""
    return {each.name: each for each in plan.network.operators if isinstance(each, AcceleratorConv)}


def weights_header(plan: AcceleratorPlan) -> str:
    """Return BIAS_0 to BIAS_3, a byte a bias, and KERNELS: address, number of words, words, ... 0."""
    text = _guard(plan)
    for group, data in sorted(bias_memories(plan).items()):
        text += _define(f"BIAS_{group}", [f"0x{value:02x}" for value in data])
    words = [f"0x{word:08x}" for word in kernel_words(plan)]
    return text + _define("KERNELS", words)


def kernel_words(plan: AcceleratorPlan) -> list[int]:
    """Return the table of weights as 32-bit words."""
    table: list[int] = []
    for block in blocks(memory_of(plan.layers, operators_of(plan))):
        table += [block.address, len(block.words), *block.words]
    return [*table, 0]


def bias_memories(plan: AcceleratorPlan) -> Mapping[int, bytes]:
    """Return the bytes of each bias memory in use."""
    operators, memories = operators_of(plan), {group: bytearray(512) for group in range(MEMORIES)}
    ends = dict.fromkeys(memories, 0)
    for each in plan.layers:
        if each.bias is not None:
            values = operators[each.layer.name].bias.tobytes()
            start = each.bias.offset + each.bias.bytes - len(values)
            memories[each.bias.group][start : start + len(values)] = values
            ends[each.bias.group] = max(ends[each.bias.group], each.bias.offset + each.bias.bytes)
    return {group: bytes(data[: ends[group]]) for group, data in memories.items() if ends[group]}


def sample_header(plan: AcceleratorPlan, sample: np.ndarray) -> str:
    """Return SAMPLE_INPUT: address, number of words, words, ... 0, of the s8 input `sample` [H, W, C].

    What streams goes to the FIFOs' registers, a word a pixel.
    """
    first = plan.layers[0]
    blocks = _fifo_words(first, sample) if first.streaming else _memory_words(first, sample)
    table = [f"0x{value:08x}" for block in blocks for value in block]
    return _guard(plan) + _define("SAMPLE_INPUT", [*table, "0x00000000"])


def _memory_words(first: PlacedLayer, sample: np.ndarray) -> Iterator[list[int]]:
    words = {address: (0, word) for address, (_, word) in words_of(sample, input_places(first)).items()}
    for address, _, run in runs(words):
        yield [address, len(run), *run]


def _fifo_words(first: PlacedLayer, sample: np.ndarray) -> Iterator[list[int]]:
    """Yield one block for a single FIFO; several are fed in turn."""
    groups = input_groups(first)
    words = [words_for(group, sample).tolist() for group in groups]
    if len(groups) == 1:
        yield [groups[0].address, len(words[0]), *words[0]]
        return
    for pixel in zip(*words, strict=True):
        yield from ([group.address, 1, word] for group, word in zip(groups, pixel, strict=True))


def output_header(plan: AcceleratorPlan, output: np.ndarray) -> str:
    """Return SAMPLE_OUTPUT: address, mask, number of words, words, ... 0, of the network's `output` [H, W, C]."""
    table: list[str] = []
    for address, mask, words in runs(words_of(output, output_places(plan.layers[-1]))):
        table += [f"0x{value:08x}" for value in (address, mask, len(words), *words)]
    return _guard(plan) + _define("SAMPLE_OUTPUT", [*table, "0x00000000"])


def _guard(plan: AcceleratorPlan) -> str:
    return f"/* {plan.name}: made by microface. */\n\n"


def _define(name: str, values: list[str]) -> str:
    return f"#define {name} {{ \\\n{' '.join(_lines(values))}\n}}\n"


def _lines(values: list[str]) -> Iterator[str]:
    for start in range(0, len(values), _PER_LINE):
        last = start + _PER_LINE >= len(values)
        yield " " + ", ".join(values[start : start + _PER_LINE]) + (" \\" if last else ", \\\n ")
