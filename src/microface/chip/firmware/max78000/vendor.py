"""Checkpoint, YAML and sample: what the vendor's synthesizer takes as it is."""

import io
import re
from pathlib import Path

import numpy as np

from microface.chip.firmware.max78000.headers import operators_of
from microface.chip.firmware.max78000.yaml_file import yaml_of
from microface.chip.plan.max78000.plan import AcceleratorPlan
from microface.files import write_bytes, write_text
from microface.network.convert.ai8x.checkpoint import CheckpointLayer, write_checkpoint
from microface.network.ops.max78000 import AcceleratorConv


def write_vendor_files(plan: AcceleratorPlan, sample: np.ndarray, folder: Path) -> None:
    """Write `<arch>.pth.tar`, `<arch>.yaml` and `sample.npy` (int64 C, H, W) to `folder`."""
    arch = arch_of(plan.name)
    layers = [checkpoint_layer(each) for each in operators_of(plan).values()]
    write_checkpoint(folder / f"{arch}.pth.tar", arch, layers)
    write_text(folder / f"{arch}.yaml", yaml_of(plan, arch))
    write_bytes(folder / "sample.npy", npy(sample, plan.layers[0].layer.sequence))


def arch_of(name: str) -> str:
    """Return `name` as the vendor's files may hold it."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def npy(sample: np.ndarray, sequence: bool) -> bytes:
    """Return the .npy file of the s8 input [H, W, C]: int64 C, H, W, or C, L for sequences."""
    planes = sample.astype(np.int64).transpose(2, 0, 1)
    stream = io.BytesIO()
    np.save(stream, planes[:, :, 0] if sequence else np.ascontiguousarray(planes))
    return stream.getvalue()


def checkpoint_layer(operator: AcceleratorConv) -> CheckpointLayer:
    """Return one operator as the checkpoint stores it."""
    weights = operator.weights
    if operator.operation == "linear":
        stored = weights.transpose(0, 3, 1, 2).reshape(len(weights), -1)
    elif operator.operation == "conv1d":
        stored = weights[:, :, 0, :].transpose(0, 2, 1)
    elif operator.operation == "convtranspose2d":
        stored = weights.transpose(3, 0, 1, 2)
    else:
        stored = weights.transpose(0, 3, 1, 2)
    bias = operator.bias.astype(np.int64) if np.any(operator.bias) else None
    name = re.sub(r"[^a-zA-Z0-9_]", "_", operator.name)
    return CheckpointLayer(name, stored, bias, operator.output_shift, operator.weight_bits)
