"""Emulated Cortex-M cores that run one kernel: code in flash, tensors in RAM, nothing else mapped."""

from pathlib import Path

import unicorn as uc
from elftools.elf.elffile import ELFFile
from kernel_layout import RUNTIME
from kernel_machines import CANARY, GUARD, Machine, sources_for
from unicorn import arm_const as arm

from microface.chip.firmware.toolchain import compile_objects, run_tool, toolchain_for
from microface.chip.targets import Target

FLASH, RAM, RAM_BYTES = 0x08000000, 0x20000000, 1 << 22
STACK_BYTES = 4096
RETURN = FLASH - 0x1000
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
        self._engine = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
        self._engine.ctl_set_cpu_model(getattr(arm, f"UC_CPU_ARM_{target.emulator_cpu}"))
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
        place, count = address - FLASH, 0
        end = place + size
        while 0 <= place < end:
            long = self.code[place + 1] >> 3 in (0b11101, 0b11110, 0b11111)
            place, count = place + (4 if long else 2), count + 1
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
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
        stack = RAM + STACK_BYTES - 64
        for register, value in zip(registers, arguments, strict=False):
            self._engine.reg_write(register, value)
        for index, value in enumerate(arguments[4:]):
            self.write(stack + 4 * index, value.to_bytes(4, "little"))
        self._engine.reg_write(arm.UC_ARM_REG_SP, stack)
        self._engine.reg_write(arm.UC_ARM_REG_LR, RETURN | 1)
        kept = [arm.UC_ARM_REG_R4 + i for i in range(8)]
        for register in kept:
            self._engine.reg_write(register, register)
        self.instructions = 0
        self._engine.emu_start(self.symbols[function] | 1, RETURN)
        self.first_count = self.first_count or self.instructions
        assert [self._engine.reg_read(register) for register in kept] == kept, "a kept register has changed"
        assert self._engine.reg_read(arm.UC_ARM_REG_SP) == stack


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
