"""Bytes without a sign, as older converters wrote them: read as bytes with a sign, moved by 128."""

from dataclasses import replace

import numpy as np

from microface.network.convert.tflite.model import TfModel, TfTensor

OFFSET = 128


def with_signed_bytes(model: TfModel) -> TfModel:
    """Return `model` with uint8 tensors as int8: integers and zero points less 128, so real values stay."""
    return replace(model, tensors=tuple(_signed(tensor) for tensor in model.tensors))


def _signed(tensor: TfTensor) -> TfTensor:
    if tensor.dtype != "uint8" or not len(tensor.scales):
        return tensor
    data = None if tensor.data is None else (tensor.data.astype(np.int16) - OFFSET).astype(np.int8)
    points = tensor.zero_points if len(tensor.zero_points) else np.zeros(len(tensor.scales), np.int64)
    return replace(tensor, dtype="int8", data=data, zero_points=points - OFFSET, unsigned=True)
