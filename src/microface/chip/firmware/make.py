"""Firmware for whatever runs the network on a chip: its accelerator where there is one that can, else its processor."""

from pathlib import Path

from microface.chip.firmware.build import Options, build
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.max78000.project import build_accelerator
from microface.chip.plan.max78000 import is_for_accelerator
from microface.chip.targets import Target
from microface.models import ModelPackage
from microface.network import IntegerNetwork


def runs_accelerated(network: IntegerNetwork, target: Target) -> bool:
    """Say whether `target` has an accelerator that `network` is made for."""
    return bool(target.accelerator) and is_for_accelerator(network)


def make_firmware(
    source: ModelPackage | IntegerNetwork, target: Target, output_dir: Path, options: Options | None = None
) -> Firmware:
    """Write the firmware of `source` for `target` to `output_dir`, wholly or not at all, and return it.

    A network that does not fit is a `UserError` that tells what is short.
    """
    network = source.network if isinstance(source, ModelPackage) else source
    options = options or Options()
    if runs_accelerated(network, target):
        return build_accelerator(source, target, output_dir, options)
    return build(source, target, output_dir, options.source_only, options)
