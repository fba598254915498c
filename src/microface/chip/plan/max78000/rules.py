"""The accelerator's limits by name: each formula gives what a layer has, the target says what is allowed."""

from collections.abc import Callable, Iterator, Sequence

from microface.chip.plan.max78000.plan import PlacedLayer
from microface.chip.plan.max78000.workload import HardwareLayer, Workload, passes, processors_for
from microface.chip.targets import Target
from microface.network.ops.max78000.limits import Refusal

__all__ = ["Refusal", "check", "limit", "refuse", "violations", "warnings"]


def limit(target: Target, rule: str) -> int:
    """Return the number that `rule` allows on `target`."""
    found = target.rule(rule)
    assert found is not None, rule
    return int(found.value)


def refuse(target: Target, rule: str, layer: str, have: object) -> Refusal:
    """Return what to raise where `layer` breaks `rule`."""
    found = target.rule(rule)
    assert found is not None, rule
    return Refusal(rule, layer, have, found.value, found.sentence)


Formula = Callable[[HardwareLayer], int]


def _at_most(target: Target, layer: HardwareLayer, formulas: dict[str, Formula]) -> Iterator[Refusal]:
    for rule, formula in formulas.items():
        have = formula(layer)
        if have > limit(target, rule):
            yield refuse(target, rule, layer.name, have)


_EVERY: dict[str, Formula] = {
    "channels": lambda layer: 0 if layer.operation == "linear" else max(layer.source[2], layer.result[2]),
    "pool": lambda layer: max(layer.pool_size),
    "pool_stride": lambda layer: max(layer.pool_stride),
    "operands": lambda layer: len(layer.inputs),
}
_LINEAR: dict[str, Formula] = {
    "linear_inputs": lambda layer: 0 if layer.flatten else layer.source[2],
    "linear_outputs": lambda layer: layer.result[2],
    "flatten_pixels": lambda layer: layer.pooled[0] * layer.pooled[1],
    "flatten_values": lambda layer: layer.pooled[0] * layer.pooled[1] * layer.pooled[2],
}


def violations(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    """Yield every limit of `target` that `layer` breaks by itself, wherever it is placed."""
    yield from _at_most(target, layer, _EVERY)
    yield from _side(layer, target)
    yield from _pool(layer, target)
    yield from _operands(layer, target)
    if layer.convolves:
        yield from _weights(layer, target)
    if layer.operation == "linear":
        yield from _at_most(target, layer, _LINEAR)
        yield from _flatten(layer, target)
    elif layer.convolves:
        yield from _kernel(layer, target)
    yield from _output(layer, target)


def _side(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    if layer.sequence:
        if layer.source[0] > limit(target, "sequence_length"):
            yield refuse(target, "sequence_length", layer.name, layer.source[0])
        return
    padded = max(side + pad for side, pad in zip(layer.source[:2], layer.padding, strict=True))
    if padded > limit(target, "side"):
        yield refuse(target, "side", layer.name, padded)


def _pool(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    if layer.pool == "none":
        return
    if not layer.sequence and layer.pool_stride[0] != layer.pool_stride[1]:
        yield refuse(target, "pool_stride_square", layer.name, "x".join(map(str, layer.pool_stride)))
    one_pixel = layer.pooled[0] * layer.pooled[1] == 1
    if layer.source[2] > limit(target, "pool_channels") and not layer.convolves and not one_pixel:
        yield refuse(target, "pool_channels", layer.name, layer.source[2])


def _operands(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    allowed = limit(target, "operand_channels") * (2 if len(layer.inputs) == 2 else 1)
    if layer.eltwise != "none" and layer.convolves and layer.source[2] > allowed:
        yield refuse(target, "operand_channels", layer.name, layer.source[2])


def _weights(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    if layer.bits not in (1, 2, 4, 8):
        yield refuse(target, "weight_bits", layer.name, layer.bits)
    if abs(shift := layer.output_shift + 8 - layer.bits) > limit(target, "output_shift") and not layer.wide:
        yield refuse(target, "output_shift", layer.name, shift)
    if layer.biased and layer.result[2] > limit(target, "bias_outputs"):
        yield refuse(target, "bias_outputs", layer.name, layer.result[2])


def _flatten(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    if layer.flatten and layer.pool != "none":
        yield refuse(target, "flatten_alone", layer.name, f"a {layer.pool} pool")
    channels = layer.source[2]
    if layer.flatten and channels > 64 and processors_for(channels) * passes(channels) != channels:
        yield refuse(target, "flatten_channels", layer.name, f"{channels} channels in {passes(channels)} rounds")


def _kernel(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    size = "x".join(map(str, layer.kernel))
    if layer.operation == "conv1d":
        if layer.kernel[0] > limit(target, "kernel_1d") or layer.kernel[1] != 1:
            yield refuse(target, "kernel_1d", layer.name, layer.kernel[0])
        too_far = layer.dilation[0] > limit(target, "dilation_1d")
        if too_far or (layer.dilation[0] > 1 and layer.kernel[0] > 3):
            yield refuse(target, "dilation_1d", layer.name, f"{layer.dilation[0]} with a kernel of {layer.kernel[0]}")
    else:
        if layer.kernel not in ({(3, 3)} if layer.operation == "convtranspose2d" else {(1, 1), (3, 3)}):
            yield refuse(target, "kernel", layer.name, size)
        if layer.dilation != (1, 1):
            yield refuse(target, "dilation", layer.name, max(layer.dilation))
    if max(layer.padding) > limit(target, "padding") or any(
        pad >= size for pad, size in zip(layer.padding, layer.kernel, strict=True)
    ):
        yield refuse(target, "padding", layer.name, f"{max(layer.padding)} with a kernel of {size}")


def _output(layer: HardwareLayer, target: Target) -> Iterator[Refusal]:
    if layer.wide and layer.activation != "none":
        yield refuse(target, "wide_activation", layer.name, layer.activation)
    if layer.wide and not layer.convolves:
        yield refuse(target, "wide_convolution", layer.name, "32 bits")


def check(work: Workload, target: Target) -> None:
    """Raise the first `Refusal` of a network that no placement can save."""
    if len(work.layers) > limit(target, "layers"):
        raise refuse(target, "layers", "", len(work.layers))
    wide = {layer.output for layer in work.layers if layer.wide}
    for layer in work.layers:
        for refusal in violations(layer, target):
            raise refusal
        if wide & set(layer.inputs):
            raise refuse(target, "wide_last", layer.name, "a 32-bit input")
    _all_is_read(work, target)


def _all_is_read(work: Workload, target: Target) -> None:
    read = {work.output}.union(*(layer.inputs for layer in work.layers))
    if lost := next((layer for layer in work.layers if layer.output not in read), None):
        raise refuse(target, "unread", lost.name, f"the result {lost.output}")
    if not read.issuperset(work.inputs):
        raise refuse(target, "unread", "", f"the input {min(set(work.inputs) - read)}")


def warnings(layers: Sequence[PlacedLayer], target: Target) -> Iterator[str]:
    """Yield what may go wrong on the chip though it can be placed, by named rules."""
    rule = target.rule("streaming_bias")
    for each in layers:
        if rule is not None and each.streaming and each.layer.biased:
            yield f"layer {each.layer.name}: streams with biases, rule {rule.name}: {rule.sentence}"
