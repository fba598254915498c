"""From network and target to an accelerator plan: formats are tried from the plainest to streaming."""

from collections.abc import Iterator, Sequence

from microface.chip.plan.max78000.blocks import Formats
from microface.chip.plan.max78000.copies import with_copies
from microface.chip.plan.max78000.plan import AcceleratorPlan, PlacedLayer
from microface.chip.plan.max78000.rules import Refusal, check, limit, refuse
from microface.chip.plan.max78000.search import Found, Search
from microface.chip.plan.max78000.weights import START_ALIGNMENT
from microface.chip.plan.max78000.workload import HardwareLayer, Workload, passes
from microface.chip.targets import Target
from microface.network import IntegerNetwork


def plan_accelerator(network: IntegerNetwork, target: Target, first_column: int = 0) -> AcceleratorPlan:
    """Return the plan of `network` on the accelerator of `target`; columns of weights below `first_column` are taken.

    A network that cannot be placed is a `Refusal`: the rule, the layer, what it has, what is allowed, what would help.
    """
    if len(network.outputs) != limit(target, "outputs"):
        raise refuse(target, "outputs", "", f"{len(network.outputs)} ({', '.join(network.outputs)})")
    copied = with_copies(network)
    return AcceleratorPlan(place(Workload.of(copied), target, first_column), copied, target.name)


def plan_together(networks: Sequence[IntegerNetwork], target: Target) -> tuple[AcceleratorPlan, ...]:
    """Return the plans of networks that take turns: their weights lie side by side, data and biases do not stay."""
    plans: list[AcceleratorPlan] = []
    for network in networks:
        taken = max((max(plan.column_ends) for plan in plans), default=0)
        plans.append(plan_accelerator(network, target, -(-taken // START_ALIGNMENT) * START_ALIGNMENT))
    return tuple(plans)


def place(work: Workload, target: Target, first_column: int = 0) -> tuple[PlacedLayer, ...]:
    """Return every layer of `work` with its place; raise `Refusal` where there is none."""
    check(work, target)
    failed: Refusal | None = None
    for formats in _formats(work, target):
        search = Search(work, target, formats, first_column)
        found = search.run()
        if found is not None:
            return tuple(_placed(work, found, first_column))
        failure = search.failure
        failed = failed or refuse(target, failure.rule, failure.where, failure.have)
    assert failed is not None
    raise _streaming_refusal(work, target) or failed


def _formats(work: Workload, target: Target) -> Iterator[Formats]:
    """Yield HWC, CHW where it makes the input smaller, then streaming with ever more layers."""
    yield Formats()
    channels = work.shapes[work.inputs[0]][2]
    plain = len(work.inputs) == 1 and len(work.readers(work.inputs[0])) == 1
    if plain and channels <= limit(target, "planar_channels"):
        yield Formats(planar=True)
    for count in range(1, limit(target, "streaming_layers") + 1):
        if plain and channels <= limit(target, "fifo_channels") and not _cannot_stream(work, target, count):
            yield Formats(streaming=count)


def _cannot_stream(work: Workload, target: Target, count: int) -> tuple[str, HardwareLayer, str] | None:
    """Return the rule, the layer that breaks it and what that has, where the first `count` layers cannot stream."""
    if count > len(work.layers):
        return "streaming_layers", work.layers[-1], f"{count} layers that have to stream"
    for index, layer in enumerate(work.layers[:count]):
        source = layer.inputs[0]
        if not layer.convolves:
            return "streaming_convolution", layer, "a layer that does not convolve"
        if work.written[source] != index - 1 or len(work.readers(source)) > 1:
            return "streaming_chain", layer, f"{source}, which does not go from layer to layer"
        if layer.flatten or layer.eltwise != "none":
            return "streaming_chain", layer, "a flattening layer" if layer.flatten else f"operands of {layer.eltwise}"
        values = layer.source[0] * layer.source[1] * passes(layer.source[2])
        if values >= limit(target, "streaming_values"):
            return "streaming_values", layer, str(values)
    last = work.layers[count - 1]
    return None if last.padding[0] or last.kernel == (1, 1) else ("streaming_padding", last, "padding of 0")


def _streaming_refusal(work: Workload, target: Target) -> Refusal | None:
    """Return why streaming does not help where the input itself is too large for the data memory."""
    height, width, channels = work.shapes[work.inputs[0]]
    if height * width * 4 * passes(channels) <= limit(target, "data_memory"):
        return None
    if channels > limit(target, "planar_channels") and height * width <= limit(target, "data_memory"):
        return refuse(target, "planar_channels", work.layers[0].name, channels)
    if channels > limit(target, "fifo_channels"):
        return refuse(target, "fifo_channels", work.layers[0].name, channels)
    too_large = [not _fits(layer.result, target) for layer in work.layers]
    needed = too_large.index(False) + 1 if False in too_large else len(too_large)
    if needed > limit(target, "streaming_layers"):
        return refuse(target, "streaming_layers", work.layers[0].name, needed)
    reason = _cannot_stream(work, target, needed)
    return refuse(target, reason[0], reason[1].name, reason[2]) if reason else None


def _fits(shape: tuple[int, int, int], target: Target) -> bool:
    return shape[0] * shape[1] * 4 * passes(shape[2]) <= limit(target, "data_memory")


def _placed(work: Workload, found: Found, first_column: int) -> Iterator[PlacedLayer]:
    for index, layer in enumerate(work.layers):
        yield PlacedLayer(
            layer=layer,
            processors=found.lanes[layer.inputs[0]].mask,
            output_processors=found.lanes[layer.output].mask,
            in_offset=_offset(found, layer.inputs[0])[0],
            out_offset=_offset(found, layer.output)[0],
            write_gap=_offset(found, layer.output)[1],
            planar=found.formats.planar and index == 0,
            streaming=index < found.formats.streaming,
            first_column=first_column + found.starts[index] if layer.convolves else 0,
            columns=found.columns[index],
            bias=found.biases[index],
        )


def _offset(found: Found, tensor: str) -> tuple[int, int]:
    """Return where `tensor` begins, and how many words of other operands lie between its pixels."""
    block = next(block for block in found.blocks if tensor in block.tensors)
    position = block.tensors.index(tensor)
    return found.offsets[block.tensors] + 4 * position, len(block.tensors) - 1
