"""Random files of uint8, as older converters wrote them: those of int8 with every byte moved, and skewed weights."""

from dataclasses import replace

import numpy as np
from random_draft import Draft

from microface.network.convert.tflite.write import OutTensor

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def unsigned(draft: Draft) -> Draft:
    """Return the int8 `draft`, which has no weights of 4 bits, as one of uint8, quantised per tensor."""
    weights = {op.inputs[1] for op in draft.operators if op.name in _WEIGHTED}
    biases = {op.inputs[2] for op in draft.operators if op.name in _WEIGHTED and len(op.inputs) > 2}
    tensors = [
        _weights(draft, tensor) if number in weights else _first(tensor) if number in biases else _moved(tensor)
        for number, tensor in enumerate(draft.tensors)
    ]
    options = [option for option in draft.options if not option.startswith("per_channel")]
    return replace(draft, tensors=tensors, options=options)


def _moved(tensor: OutTensor) -> OutTensor:
    if tensor.dtype != "int8":
        return tensor
    data = None if tensor.data is None else (tensor.data.astype(np.int16) + 128).astype(np.uint8)
    return replace(tensor, dtype="uint8", zero_points=[point + 128 for point in tensor.zero_points], data=data)


def _first(tensor: OutTensor) -> OutTensor:
    return replace(tensor, scales=tensor.scales[:1], zero_points=tensor.zero_points[:1])


def _weights(draft: Draft, tensor: OutTensor) -> OutTensor:
    """Return weights of one scale; their zero point is 128, or any with all bytes."""
    plain = _moved(_first(tensor))
    kind = draft.pick("weights of uint8", ["even", "skewed", "skewed", "one-sided"])
    if kind == "even":
        return plain
    point = draft.number(90, 170) if kind == "skewed" else int(draft.random.choice([0, 255]))
    return replace(plain, data=draft.random.integers(0, 256, tensor.shape).astype(np.uint8), zero_points=[point])
