"""Where a network runs: the emulated chip, the host library; all behind the protocol `Device`.

What an emulated firmware must look like (`build` makes it so; a firmware of one's own can, too):

- Its linker script comes from `firmware.linker.linker_script`, or defines the same symbols: `mf_stack_bottom` and
  `mf_stack_top` (the stack, first in its RAM bank), `mf_gallery_flash_start` and `mf_gallery_flash_end` (two slots of
  whole flash sectors), and, for naming faults, `mf_arena_start` and `mf_arena_end`.
- It starts as its kind of core does (`chip/cores`): a Cortex-M by vectors at the begin of flash, others at the ELF
  file's entry; Reset_Handler sets up core, `.data` and `.bss` and calls `main` (`startup.c`).
- `port_emulator.c` is linked: its `main` says that memory is ready by a service (`mf_service.h`: BKPT 0xAB or ECALL)
  and waits; its `mf_port_erase` and `mf_port_program` reach the emulated flash by services, too. On a real chip the
  application's `main` and the vendor's flash driver stand in its place. Where the core does not address the flash,
  `port_emulator_flash.c` stands there instead (`mf_flash.h`).
- Functions that only Python calls are kept by the linker's `keep`.

`EmulatedChip(target, elf_path)` starts it; `run(symbol, *arguments)` calls a function on an empty stack and returns
its result, exact instruction counts per function, and the bytes of stack it used. Counted are all instructions from the
function's first to its return; one whose IT-block condition fails counts, as it takes its slot. Memories have exactly
the chip's sizes, so that NULL, a byte outside, a store to flash and a stack overflow each end in a `ChipFault`;
unaligned multi-word accesses do with `check_alignment=True`.
"""

from microface.chip.devices.device import Device, Match
from microface.chip.devices.emulator import CallReport, EmulatedChip
from microface.chip.devices.faults import ChipFault, PowerCut

__all__ = ["CallReport", "ChipFault", "Device", "EmulatedChip", "Match", "PowerCut"]
