"""Where a run computes: the processor or a GPU, how exactly, and how it takes part in a team."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from microface.errors import UserError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Where:
    """A torch device; `deterministic`: the same run gives the same file (always so on the processor).

    `precision`: auto, bf16 or float32, see `TrainConfig`.
    """

    device: torch.device
    deterministic: bool = True
    precision: str = "auto"

    @property
    def on_gpu(self) -> bool:
        """Whether this is a GPU."""
        return self.device.type == "cuda"

    def prepare(self, seed: int) -> None:
        """Set up torch for this place and seed it."""
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(self.deterministic)
        if not self.on_gpu:
            torch.set_num_threads(1)
            return
        torch.cuda.set_device(self.device)
        torch.backends.cudnn.benchmark = not self.deterministic
        torch.set_float32_matmul_precision("high")

    def put(self, module: nn.Module) -> nn.Module:
        """Return `module` on this device, in channels-last memory."""
        return module.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    @contextmanager
    def quick(self) -> Iterator[None]:
        """Compute in bfloat16 where that is asked for, or nothing is and the device is made for it."""
        enabled = self.on_gpu if self.precision == "auto" else self.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=enabled):
            yield


def where(name: str = "auto", deterministic: bool = False, precision: str = "auto") -> Where:
    """Return the place `name`: auto takes a GPU where torch finds one. No GPU for `cuda` is a `UserError`.

    Under torchrun every process takes the GPU of its local rank. `deterministic` has to be asked for on a GPU.
    """
    if name not in DEVICES:
        raise UserError(f"device {name}", "is not known", f"choose one of {', '.join(DEVICES)}")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return Where(torch.device("cpu"), precision=precision)
    if not torch.cuda.is_available():
        raise UserError("device cuda", "is not there for torch", "use --device cpu or a torch with CUDA")
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return Where(torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))), deterministic, precision)


CPU = Where(torch.device("cpu"))
