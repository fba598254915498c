"""Emulated cores that run one kernel: code in flash, tensors in RAM, nothing else mapped."""

from pathlib import Path

import numpy as np
import unicorn as uc
from elftools.elf.elffile import ELFFile
from kernel_layout import RUNTIME
from kernel_machines import CANARY, GUARD, Machine, sources_for
from unicorn import arm_const, riscv_const

from microface.chip.cores import core_of
from microface.chip.firmware.toolchain import compile_objects, run_tool, toolchain_for
from microface.chip.targets import Target

FLASH, RAM, RAM_BYTES = 0x08000000, 0x20000000, 1 << 22
STACK_BYTES = 4096
RETURN = FLASH - 0x1000
KEPT = {
    "cortex-m": [arm_const.UC_ARM_REG_R4 + i for i in range(8)],
    "riscv": [getattr(riscv_const, f"UC_RISCV_REG_S{i}") for i in range(12)],
}
"""The registers that a function gives back as it got them."""
_SCRIPT = f"""
SECTIONS {{
  . = {FLASH};
  .text : {{ KEEP(*mf_*.o(.text* .rodata*)) *(.text* .rodata*) }}
  /DISCARD/ : {{ *(.ARM.exidx*) *(.comment*) }}
}}
"""


class Chip(Machine):
    """A core of `target`; when `counting`, `instructions` is the count of the last call, `first_count` that of the
    first one since tensors were placed (later ones repeat it with overlapping buffers).
    """

    pointer_bytes = 4

    def __init__(self, folder: Path, target: Target, counting: bool = False) -> None:
        self.features = frozenset(target.features)
        self.code, self.symbols = _link(folder, target)
        self._core, self._kept = core_of(target), KEPT[target.kind]
        self._engine = self._core.open(target.emulator_cpu)
        self._engine.mem_map(FLASH, 1 << 20, uc.UC_PROT_READ | uc.UC_PROT_EXEC)
        self._engine.mem_map(RAM, RAM_BYTES, uc.UC_PROT_READ | uc.UC_PROT_WRITE)
        self._engine.mem_map(RETURN, 0x1000, uc.UC_PROT_READ | uc.UC_PROT_EXEC)
        self._engine.mem_write(FLASH, self.code)
        self.instructions = 0
        self._in_block: dict[tuple[int, int], int] = {}
        if counting:
            self._engine.hook_add(uc.UC_HOOK_BLOCK, self._count)
        self.reset()

    def _count(self, engine: object, address: int, size: int, data: object) -> None:
        key = address, size
        if key not in self._in_block:
            self._in_block[key] = self._instructions_in(address, size)
        self.instructions += self._in_block[key]

    def _instructions_in(self, address: int, size: int) -> int:
        halves = np.frombuffer(self.code, "<u2", size // 2, address - FLASH) if address >= FLASH else np.empty(0)
        place = count = 0
        while place < len(halves):
            place, count = place + (2 if self._core.opens_long(halves[place : place + 1])[0] else 1), count + 1
        return count

    def reset(self) -> None:
        self._next = RAM + STACK_BYTES
        self.first_count = 0

    def reserve(self, size: int) -> int:
        begin = self._next
        self._next = (begin + size + 2 * GUARD + 15) & ~15
        assert self._next < RAM + RAM_BYTES
        self._engine.mem_write(begin, bytes([CANARY]) * (self._next - begin))
        return begin + GUARD

    def write(self, address: int, data: bytes) -> None:
        self._engine.mem_write(address, data)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._engine.mem_read(address, size))

    def call(self, function: str, arguments: list[int]) -> None:
        registers = self._core.registers
        stack = RAM + STACK_BYTES - 64
        for register, value in zip(registers.arguments, arguments, strict=False):
            self._engine.reg_write(register, value)
        for index, value in enumerate(arguments[len(registers.arguments) :]):
            self.write(stack + 4 * index, value.to_bytes(4, "little"))
        self._engine.reg_write(registers.stack, stack)
        self._engine.reg_write(registers.link, self._core.code_address(RETURN))
        for register in self._kept:
            self._engine.reg_write(register, register)
        self.instructions = 0
        self._engine.emu_start(self._core.code_address(self.symbols[function]), RETURN)
        self.first_count = self.first_count or self.instructions
        left = [self._engine.reg_read(register) for register in self._kept]
        assert left == self._kept, "a kept register has changed"
        assert self._engine.reg_read(registers.stack) == stack


def _link(folder: Path, target: Target) -> tuple[bytes, dict[str, int]]:
    """Return the code of all kernels at the start of flash, and the addresses of their functions."""
    sources = sources_for(frozenset(target.features))
    objects = compile_objects(sources, target, [RUNTIME], folder)
    script, elf = folder / "kernels.ld", folder / "kernels.elf"
    script.write_text(_SCRIPT)
    tools = toolchain_for(target)
    flags = [flag for flag in tools.link_flags if not flag.startswith("-Wl,")]
    entry = "-Wl,--entry=mf_map_bytes_s8"
    run_tool([*tools.command, *flags, entry, "-T", str(script), *map(str, objects), "-o", str(elf)], elf)
    with elf.open("rb") as stream:
        read = ELFFile(stream)
        text = read.get_section_by_name(".text")
        code = bytes(text["sh_addr"] - FLASH) + text.data()
        symbols = read.get_section_by_name(".symtab").iter_symbols()
        return code, {s.name: s["st_value"] & ~1 for s in symbols if s["st_info"]["type"] == "STT_FUNC"}
