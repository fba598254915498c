"""Scores of embeddings of 8 and 16 bits in C equal their integer meaning, on this computer and on an emulated M4."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.sources import RUNTIME, port_of_emulator
from microface.chip.firmware.toolchain import COMMON_FLAGS, compile_objects, link, run_tool, zig_command
from microface.chip.targets import Target
from microface.network.scores import SCORES, Score, ScoreName

SHARED = ("isqrt", "norm_s8", "unit_s16", "distance_s8", "distance_s16")
SOURCES = [*sorted(RUNTIME.glob("mf_score_*_s*.c")), *(RUNTIME / f"mf_{name}.c" for name in SHARED)]
LONGEST = {np.int8: 4096, np.int16: 2048}
Pair = tuple[np.ndarray, np.ndarray, int]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two embeddings and a zero point; now and then all at the ends of the range, or equal to the zero point."""
    dtype, longest = draw(st.sampled_from(sorted(LONGEST.items(), key=lambda item: item[1])))
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    ends = st.integers(low, high) | st.sampled_from([low, high, 0, 1, -1])
    count, zero_point = draw(st.integers(1, 40) | st.just(longest)), draw(ends)
    if count == longest:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        a, b = rng.choice(np.array([low, high, zero_point], dtype), (2, count))
    else:
        values = hnp.arrays(dtype, count, elements=ends | st.just(zero_point))
        a, b = draw(values), draw(values)
    return a, b, zero_point


def meaning(score: Score, a: np.ndarray, b: np.ndarray) -> int:
    return int(score.pairs(score.centred(a)[None], score.centred(b)[None])[0])


def function_for(embedding: np.ndarray) -> str:
    return f"mf_distance_s{8 * embedding.itemsize}"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The C for this computer; undefined behaviour in it ends the process."""
    path = tmp_path_factory.mktemp("scores") / "scores.so"
    checks = ("-fPIC", "-shared", "-fsanitize=undefined", "-fsanitize-trap=undefined")
    run_tool([*zig_command(), *COMMON_FLAGS, *checks, *map(str, SOURCES), "-o", str(path)], path)
    return ctypes.CDLL(str(path))


@settings(max_examples=200, deadline=None)
@given(case=pairs(), name=st.sampled_from(SCORES))
def test_c_equals_the_meaning(library: ctypes.CDLL, case: Pair, name: ScoreName) -> None:
    a, b, zero_point = case
    places = [ctypes.c_void_p(values.ctypes.data) for values in (a, b)]
    distance = getattr(library, function_for(a))(SCORES.index(name) + 1, *places, len(a), zero_point)
    assert distance == meaning(Score(name, zero_point), a, b)


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> EmulatedChip:
    """An M4 with nothing but the scores."""
    folder, target = tmp_path_factory.mktemp("chip"), Target.load("nrf52840")
    (folder / "startup.c").write_text(startup_code(target))
    (folder / "link.ld").write_text(linker_script(target, LinkLayout(1024, 16384)))
    (folder / "arena.c").write_text('__attribute__((section(".arena"))) unsigned char arena[16384];\n')
    sources = [*SOURCES, RUNTIME / port_of_emulator(target), folder / "startup.c", folder / "arena.c"]
    objects = compile_objects(sources, target, [RUNTIME], folder / "out")
    kept = ("mf_distance_s8", "mf_distance_s16", "arena", "mf_port_erase", "mf_port_program")
    return EmulatedChip(target, link(objects, folder / "link.ld", folder / "scores.elf", target, kept))


@settings(max_examples=60, deadline=None)
@given(case=pairs(), name=st.sampled_from(SCORES))
def test_the_chip_equals_the_meaning(chip: EmulatedChip, case: Pair, name: ScoreName) -> None:
    a, b, zero_point = case
    place = chip.address("mf_arena_start")
    chip.write(place, a.tobytes() + b.tobytes())
    report = chip.run(function_for(a), SCORES.index(name) + 1, place, place + a.nbytes, len(a), zero_point)
    assert report.signed == meaning(Score(name, zero_point), a, b)
