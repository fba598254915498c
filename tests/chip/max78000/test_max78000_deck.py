"""The published figures of the face / no-face networks, digit for digit, and what boards measured."""

import pytest

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.plan.max78000.ops_summary import ops_of, summary
from microface.chip.plan.max78000.report import usage
from microface.chip.plan.max78000.timing import deck_cycles, hardware_cycles, layer_times, total_cycles
from microface.chip.plan.max78000.workload import HardwareLayer
from microface.chip.targets import Target
from microface.network.facenets import FACENETS, facenet

TARGET = Target.load("max78000")
WEIGHT_CAPACITY, BIAS_CAPACITY = 442_368, 2_048

SUMMARIES = {
    "facenet_v1": """\
Hardware: 2,857,344 ops (2,741,056 macc; 116,288 comp; 0 add; 0 mul; 0 bitwise)
  Layer 0: 867,328 ops (836,352 macc; 30,976 comp; 0 add; 0 mul; 0 bitwise)
  Layer 1: 604,032 ops (557,568 macc; 46,464 comp; 0 add; 0 mul; 0 bitwise)
  Layer 2: 580,800 ops (557,568 macc; 23,232 comp; 0 add; 0 mul; 0 bitwise)
  Layer 3: 569,184 ops (557,568 macc; 11,616 comp; 0 add; 0 mul; 0 bitwise)
  Layer 4: 234,400 ops (230,400 macc; 4,000 comp; 0 add; 0 mul; 0 bitwise)
  Layer 5: 1,600 ops (1,600 macc; 0 comp; 0 add; 0 mul; 0 bitwise)
RESOURCE USAGE
Weight memory: 16,972 bytes out of 442,368 bytes total (3.8%)
Bias memory: 2 bytes out of 2,048 bytes total (0.1%)""",
    "facenet_v2": """\
Hardware: 9,666,944 ops (9,433,088 macc; 233,856 comp; 0 add; 0 mul; 0 bitwise)
  Layer 0: 1,734,656 ops (1,672,704 macc; 61,952 comp; 0 add; 0 mul; 0 bitwise)
  Layer 1: 2,323,200 ops (2,230,272 macc; 92,928 comp; 0 add; 0 mul; 0 bitwise)
  Layer 2: 2,276,736 ops (2,230,272 macc; 46,464 comp; 0 add; 0 mul; 0 bitwise)
  Layer 3: 2,253,504 ops (2,230,272 macc; 23,232 comp; 0 add; 0 mul; 0 bitwise)
  Layer 4: 929,600 ops (921,600 macc; 8,000 comp; 0 add; 0 mul; 0 bitwise)
  Layer 5: 148,736 ops (147,456 macc; 1,280 comp; 0 add; 0 mul; 0 bitwise)
  Layer 6: 512 ops (512 macc; 0 comp; 0 add; 0 mul; 0 bitwise)
RESOURCE USAGE
Weight memory: 98,648 bytes out of 442,368 bytes total (22.3%)
Bias memory: 2 bytes out of 2,048 bytes total (0.1%)""",
}

DECK_TIMES = {
    "facenet_v2": ["1652.05", "851.84", "367.84", "169.40", "34.50", "5.52", "0.16", "3081.31"],
    "facenet_v6": ["826.03", "348.48", "87.12", "33.88", "11.00", "1.00", "1307.51"],
    "facenet_v7": ["206.51", "309.76", "96.80", "33.88", "11.00", "1.00", "658.95"],
}
HARDWARE_CYCLES = {
    "facenet_v1": [47_532, 25_708, 10_440, 4_621, 997, 101, 89_400],
    "facenet_v2": [78_508, 41_196, 18_184, 8_493, 1_797, 312, 16, 148_507],
    "facenet_v6": [47_532, 17_964, 4_632, 1_717, 597, 101, 72_544],
    "facenet_v7": [24_388, 14_092, 4_632, 1_717, 597, 101, 45_528],
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_ops_and_resources_to_the_digit(name):
    text = summary(plan_accelerator(facenet(name), TARGET), WEIGHT_CAPACITY, BIAS_CAPACITY)
    assert text == "SUMMARY OF OPS\n" + SUMMARIES[name]


@pytest.mark.parametrize(
    ("name", "ops", "usage"),
    [
        (
            "facenet_v3",
            "9,666,944 ops (9,433,088 macc; 233,856 comp",
            "49,324 bytes out of 442,368 bytes total (11.1%)",
        ),
        ("facenet_v6", "1,332,760 ops (1,249,280 macc; 83,480 comp", "2,636 bytes out of 442,368 bytes total (0.6%)"),
        ("facenet_v7", "372,504 ops (343,232 macc; 29,272 comp", "2,357 bytes out of 442,368 bytes total (0.5%)"),
    ],
)
def test_further_networks(name, ops, usage):
    text = summary(plan_accelerator(facenet(name), TARGET), WEIGHT_CAPACITY, BIAS_CAPACITY)
    assert f"Hardware: {ops}" in text and f"Weight memory: {usage}" in text


@pytest.mark.parametrize("name", DECK_TIMES)
def test_the_published_time_tables(name):
    times = layer_times(plan_accelerator(facenet(name), TARGET).layers, "deck")
    shown = [f"{time.low / 50:.2f}" for time in times] + [f"{total_cycles(times, 'deck')[0] / 50:.2f}"]
    assert shown == DECK_TIMES[name]


@pytest.mark.parametrize("name", HARDWARE_CYCLES)
def test_the_cycles_of_the_hardware(name):
    times = layer_times(plan_accelerator(facenet(name), TARGET).layers)
    assert [time.low for time in times] + [total_cycles(times)[0]] == HARDWARE_CYCLES[name]


def conv(
    cin: int, side: int, cout: int, pad: int = 1, pool: int = 1, kind: str = "max", kernel: int = 3
) -> HardwareLayer:
    pooled, linear = side // pool, kernel == 0
    kernel = pooled if linear else kernel
    out = 1 if linear else pooled + 2 * pad - kernel + 1
    return HardwareLayer(
        name="layer", inputs=("x",), output="y", operation="linear" if linear else "conv2d",
        source=(side, side, cin), pooled=(pooled, pooled, cin), result=(out, out, cout), kernel=(kernel, kernel),
        padding=(pad, pad), pool=kind if pool > 1 else "none", pool_size=(pool, pool), pool_stride=(pool, pool),
        activation="none" if linear else "relu",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "cycles"), [(conv(3, 32, 64), 67_981), (conv(1, 28, 8), 8_189), (conv(128, 8, 16), 2_485)]
)
def test_single_layers_as_hardware_counted_them(layer, cycles):
    assert hardware_cycles(layer) + 1 == cycles


MNIST = (
    conv(1, 28, 60), conv(60, 28, 60, 2, 2), conv(60, 16, 56, 1, 2), conv(56, 8, 12, 1, 2, "average"),
    conv(12, 4, 10, 0, kernel=0),
)  # fmt: skip
CIFAR = (
    conv(3, 32, 60), conv(60, 32, 60, 1, 2), conv(60, 16, 56, 1, 2), conv(56, 8, 12, 1, 2, "average"),
    conv(12, 4, 10, 0, kernel=0),
)  # fmt: skip


def sequence(cin: int, length: int, cout: int, size: int, pad: int, pool: int = 1) -> HardwareLayer:
    pooled = length // pool
    return HardwareLayer(
        name="layer", inputs=("x",), output="y", operation="conv1d", source=(length, 1, cin), pooled=(pooled, 1, cin),
        result=(pooled + 2 * pad - size + 1, 1, cout), kernel=(size, 1), padding=(pad, 0), activation="relu",
        pool="max" if pool > 1 else "none", pool_size=(pool, 1), pool_stride=(pool, 1),
    )  # fmt: skip


KEYWORDS = (
    sequence(128, 128, 100, 1, 0), sequence(100, 128, 96, 3, 0), sequence(96, 126, 64, 3, 1, 2),
    sequence(64, 63, 48, 3, 0), sequence(48, 61, 64, 3, 1, 2), sequence(64, 30, 96, 3, 0),
    sequence(96, 28, 100, 3, 1, 2),
    sequence(100, 14, 64, 6, 1, 2), conv(64, 2, 21, 0, kernel=0),
)  # fmt: skip


@pytest.mark.parametrize(("layers", "board"), [(MNIST, 1410), (CIFAR, 1712), (KEYWORDS, 1442)])
def test_within_one_percent_of_boards(layers, board):
    assert abs((1 + sum(map(hardware_cycles, layers))) / 50 / board - 1) < 0.01


@pytest.mark.parametrize(("layers", "deck"), [(MNIST, 2296.0), (CIFAR, 2057.6), (KEYWORDS, 1378.2)])
def test_the_published_formula_is_far_from_boards(layers, deck):
    assert abs(sum(map(deck_cycles, layers)) / 50 - deck) < 0.06


def test_what_folding_the_input_really_gives():
    """Four pixels as twelve channels of one: a quarter of the first layer's time, not a sixteenth."""
    assert (hardware_cycles(conv(3, 88, 8)), hardware_cycles(conv(12, 44, 8))) == (78_508, 19_900)
    assert (hardware_cycles(conv(3, 88, 4)), hardware_cycles(conv(12, 44, 4))) == (47_532, 12_156)


def test_averages_count_as_additions():
    layer = conv(4, 8, 2, pool=2, kind="average")
    assert ops_of(layer).parts == (4 * 4 * 2 * 4 * 9, 4 * 4 * 2, 4 * 4 * 4 * 4, 0, 0)


def test_every_published_network_is_placed_below_its_limits():
    for name in FACENETS:
        assert max(plan_accelerator(facenet(name), TARGET).column_loads) <= 768


def test_the_busiest_processor_counts_what_alignment_loses():
    text = usage(plan_accelerator(facenet("facenet_v2"), TARGET), TARGET)
    assert "Columns of the busiest processor: 196 of 768 (25.5%)" in text and "3 are lost to alignment" in text
