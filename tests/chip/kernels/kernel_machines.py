"""Machines that run one kernel on one input: the host's own processor, and emulated Cortex-M cores."""

import ctypes
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from kernel_layout import RUNTIME, lay_out, structs

from microface.chip.firmware.toolchain import COMMON_FLAGS, run_tool, zig_command
from microface.chip.plan.kernels import KERNELS, Kernel
from microface.network import IntegerNetwork
from microface.network.ops import Operator

STRUCTS = structs()
GUARD = 64
CANARY = 0xA5


class Machine(ABC):
    """Places tables, arguments and tensors, calls the kernel, looks at the bytes round output and scratch."""

    features: frozenset[str]
    pointer_bytes: int

    def run(self, kernel: Kernel, op: Operator, network: IntegerNetwork, values: list[np.ndarray]) -> np.ndarray:
        """Return the output [H, W, C] of `kernel` for the inputs [H, W, C]."""
        self.reset()
        tables = {name: self.place(table.tobytes()) for name, table in kernel.pack(op, network).items()}
        fields = kernel.fields(op, network) | tables
        args = self.place(lay_out(STRUCTS[f"{kernel.function}_args"], fields, self.pointer_bytes))
        target = network.tensors[kernel.operators(op, network)[-1].output]
        lead = 0 if kernel.in_place(op, network) else kernel.lead_bytes(op, network)
        output_bytes, scratch_bytes = target.bytes, kernel.scratch_bytes(op, network)
        inputs = [self.place(value.tobytes()) for value in values]
        output, scratch = self.reserve(output_bytes), self.reserve(scratch_bytes)
        self.call(kernel.function, [args, *inputs, output, scratch])
        self.check_guard(output, output_bytes)
        self.check_guard(scratch, scratch_bytes)
        result = self.read(output, output_bytes)
        if lead is not None:
            self._run_overlapped(kernel, args, values, (lead, output_bytes, scratch), result)
        return np.frombuffer(result, target.numpy_dtype).reshape(target.shape)

    def _run_overlapped(
        self, kernel: Kernel, args: int, values: list[np.ndarray], sizes: tuple[int, int, int], expected: bytes
    ) -> None:
        """Run again with the output as far inside each input as the kernel says it may be."""
        lead, output_bytes, scratch = sizes
        for index, value in enumerate(values):
            span = max(output_bytes, lead + value.nbytes)
            begin = self.reserve(span)
            inputs = [self.place(other.tobytes()) for other in values]
            inputs[index] = begin + lead
            self.write(begin + lead, value.tobytes())
            self.call(kernel.function, [args, *inputs, begin, scratch])
            self.check_guard(begin, span)
            assert self.read(begin, output_bytes) == expected, f"{kernel.function} overlapped by {lead} differs"

    def place(self, data: bytes) -> int:
        """Store `data` and return its address."""
        address = self.reserve(len(data))
        self.write(address, data)
        return address

    def check_guard(self, address: int, size: int) -> None:
        """Fail when bytes before or after [address, address + size) have been written."""
        around = self.read(address - GUARD, GUARD) + self.read(address + size, GUARD)
        assert set(around) == {CANARY}, "the kernel wrote outside its buffer"

    @abstractmethod
    def reset(self) -> None:
        """Forget everything that was placed."""

    @abstractmethod
    def reserve(self, size: int) -> int:
        """Return an address, aligned to 16, of `size` bytes with guards round them."""

    @abstractmethod
    def write(self, address: int, data: bytes) -> None:
        """Store bytes."""

    @abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """Return bytes."""

    @abstractmethod
    def call(self, function: str, arguments: list[int]) -> None:
        """Call a C function of void with pointers."""


class Host(Machine):
    """The host's processor, through a shared library of all kernels that run there."""

    pointer_bytes = 8

    def __init__(self, folder: Path, features: frozenset[str], flags: tuple[str, ...]) -> None:
        self.features = features
        self._library = ctypes.CDLL(str(_shared_library(folder, features, flags)))
        self._memory = np.zeros(1 << 24, np.uint8)
        self._base = (self._memory.ctypes.data + 63) & ~63
        self.reset()

    def reset(self) -> None:
        self._next = self._base

    def reserve(self, size: int) -> int:
        begin = self._next
        self._next = (begin + size + 2 * GUARD + 63) & ~63
        assert self._next < self._memory.ctypes.data + len(self._memory)
        ctypes.memset(begin, CANARY, self._next - begin)
        return begin + GUARD

    def write(self, address: int, data: bytes) -> None:
        ctypes.memmove(address, data, len(data))

    def read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(address, size)

    def call(self, function: str, arguments: list[int]) -> None:
        run = self._library[function]
        run.restype, run.argtypes = None, [ctypes.c_void_p] * len(arguments)
        run(*arguments)


def sources_for(features: frozenset[str]) -> list[Path]:
    """Return the sources of all kernels that run where there are `features`."""
    names = {source for kernel in KERNELS if kernel.features <= features for source in kernel.sources}
    return [RUNTIME / name for name in sorted(names | {"mf_map_bytes_s8.c"})]


def _shared_library(folder: Path, features: frozenset[str], flags: tuple[str, ...]) -> Path:
    sources = map(str, sources_for(features))
    library = folder / "kernels.so"
    run_tool([*zig_command(), "-shared", "-fPIC", *COMMON_FLAGS, *flags, *sources, "-o", str(library)], library)
    return library
