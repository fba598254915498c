"""The network description that the vendor's synthesizer reads beside the checkpoint."""

from collections.abc import Iterator, Sequence

from microface.chip.plan.max78000.plan import AcceleratorPlan, PlacedLayer
from microface.chip.plan.max78000.workload import Workload

_OPERATIONS = {"passthrough": "passthrough", "linear": "mlp"}
_ACTIVATIONS = {"none": "None", "relu": "ReLU", "abs": "Abs"}


def yaml_of(plan: AcceleratorPlan, arch: str) -> str:
    """Return the YAML text of a placed network for the architecture `arch`."""
    work = Workload.of(plan.network)
    lines = ["---", f"# {plan.name}, placed by microface", f"arch: {arch}", f"dataset: {arch}"]
    lines += [f"output_map: 0x{plan.layers[-1].output_processors:016x}", "", "layers:"]
    for index, placed in enumerate(plan.layers):
        pairs = list(_keys(placed, index, work, plan.layers))
        lines += [f"  # Layer {index}: {placed.layer.name}"]
        lines += [f"  {'- ' if i == 0 else '  '}{key}: {value}" for i, (key, value) in enumerate(pairs)]
    return "\n".join(lines) + "\n"


def _keys(
    placed: PlacedLayer, index: int, work: Workload, layers: Sequence[PlacedLayer]
) -> Iterator[tuple[str, object]]:
    layer = placed.layer
    yield "operation", _OPERATIONS.get(layer.operation, layer.operation)
    yield "processors", f"0x{placed.processors:016x}"
    if index + 1 < len(layers):
        yield "output_processors", f"0x{placed.output_processors:016x}"
    yield "in_offset", f"0x{placed.in_offset:04x}"
    yield "out_offset", f"0x{placed.out_offset:04x}"
    if placed.write_gap:
        yield "write_gap", placed.write_gap
    if index == 0:
        yield "data_format", "CHW" if placed.planar else "HWC"
    if placed.streaming:
        yield "streaming", "true"
    yield from _sequence(placed, index, work)
    yield from _convolution(placed)
    yield from _pool(placed)


def _sequence(placed: PlacedLayer, index: int, work: Workload) -> Iterator[tuple[str, object]]:
    layer = placed.layer
    sources = [work.written[name] for name in layer.inputs]
    if len(sources) > 1:
        yield "in_sequences", "[" + ", ".join(map(str, sources)) + "]"
        yield "eltwise", layer.eltwise
        yield "operands", len(sources)
    elif sources[0] != index - 1:
        yield "in_sequences", f"[{sources[0]}]"


def _convolution(placed: PlacedLayer) -> Iterator[tuple[str, object]]:
    layer = placed.layer
    if not layer.convolves:
        return
    if layer.operation == "linear":
        if layer.flatten:
            yield "flatten", "true"
    else:
        size = str(layer.kernel[0]) if layer.operation == "conv1d" else "x".join(map(str, layer.kernel))
        yield "kernel_size", size
        yield "pad", layer.padding[0]
        if max(layer.dilation) > 1:
            yield "dilation", layer.dilation[0]
    yield "activate", _ACTIVATIONS[layer.activation]
    yield "quantization", layer.bits
    if layer.wide:
        yield "output_width", 32


def _pool(placed: PlacedLayer) -> Iterator[tuple[str, object]]:
    layer = placed.layer
    if layer.pool == "none":
        return
    size, key = layer.pool_size, "max_pool" if layer.pool == "max" else "avg_pool"
    yield key, size[0] if layer.sequence or size[0] == size[1] else f"[{size[0]}, {size[1]}]"
    yield "pool_stride", layer.pool_stride[0]
    if layer.eltwise != "none" and not layer.pool_first:
        yield "pool_first", "false"
