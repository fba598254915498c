"""Firmware on the emulated chip as a `Device`: real memories, exact counts, the stack's high-water mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from microface.chip.devices.accelerator import Accelerators
from microface.chip.devices.cycles import cycles
from microface.chip.devices.device import Match, check_gallery, run_single
from microface.chip.devices.emulator import CallReport, EmulatedChip, Service
from microface.chip.firmware.folder import Firmware
from microface.chip.firmware.model import Model
from microface.chip.firmware.tables import c_names
from microface.chip.plan.timing import milliseconds
from microface.chip.targets import Memory, Target
from microface.errors import UserError

_RESULT_BYTES = 12
_ENDS = ("mf_stack_top", "mf_bss_end", "mf_gallery_end", "mf_window_end")
"""Symbols behind what the firmware takes at the begin of its banks."""


@dataclass(frozen=True)
class LayerCount:
    """Counted instructions of one call of the network: `name` is its layer, `function` the kernel."""

    name: str
    function: str
    instructions: int
    macs: int


class EmulatedDevice:
    """The firmware in a folder, started on an emulated chip of exactly the target's size.

    `last` is the report of the newest `run` or `embed`: instructions in total and per function, bytes of stack.
    `accelerators` run the networks of firmware that was built for them; None where the processor does.
    """

    def __init__(
        self, firmware: Firmware, check_alignment: bool = False, services: Mapping[int, Service] | None = None
    ) -> None:
        """Start `firmware`; a folder without an ELF file is a `UserError`. `services` as in `EmulatedChip`.

        `check_alignment` also faults where multi-word accesses are unaligned, as silicon does (slower).
        """
        self.firmware = firmware
        self.model = Model.of(firmware.source)
        self.target: Target = firmware.target
        self.accelerators = accelerators_of(firmware)
        answers = dict(services or {}) | (self.accelerators.services() if self.accelerators else {})
        self.chip = EmulatedChip(self.target, firmware.elf_path, check_alignment=check_alignment, services=answers)
        if self.accelerators:
            self.accelerators.connect(self.chip)
        self.last: CallReport | None = None
        self.start()

    @property
    def name(self) -> str:
        """What the device is, for people."""
        return f"emulated {self.target.title}"

    def start(self) -> None:
        """Power the chip on again (its flash stays): `mf_init` reads the gallery."""
        self.chip.reset()
        check_gallery(self.chip.run("mf_init").signed)

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return the only output's integers [N, h, w, c] for the only input's [N, H, W, C]; `last` counts the last."""
        return run_single(self, inputs)

    def run_of(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs' integers [N, h, w, c] by name, for all inputs [N, H, W, C] by name; as `run`."""
        given = self.model.network.checked(inputs)
        runs = [self._run_one(values) for values in zip(*given.values(), strict=True)]
        return {name: np.stack([run[name] for run in runs]) for name in self.model.network.outputs}

    def _run_one(self, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        self._write_inputs(values)
        self._timed("mf_network_run")
        return {name: self._read(name, place) for name, place in self._outputs.items()}

    def _write_inputs(self, values: Sequence[np.ndarray]) -> None:
        for place, each in zip(self._places("input_offsets"), values, strict=True):
            self.chip.write(place, each.tobytes())

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings s8 [N, D] of uint8 crops [N, H, W, 3], by `mf_embed`."""
        self.model.prepare(crops)
        return np.stack([self._embed_one(each) for each in crops])

    def _embed_one(self, crop: np.ndarray) -> np.ndarray:
        # Crop and embedding stand where the network's input and output stand: a chip needs no second buffer.
        self.chip.write(self._input, crop.tobytes())
        self._timed("mf_embed", self._input, self._output)
        return self._read(self.model.network.output.name, self._output).reshape(-1)

    def _timed(self, function: str, *arguments: int) -> CallReport:
        """Call `function` with all clocks at zero; its report is `last`."""
        if self.accelerators:
            self.accelerators.restart_clock()
        self.last = self.chip.run(function, *arguments)
        return self.last

    def milliseconds(self) -> tuple[float, float]:
        """Return an estimate (low, high) for `last`, before anything else runs: on an M4 by kinds of instructions.

        Elsewhere by the target's cycles per instruction. An accelerator's time is added, as if nobody fed it meanwhile.
        """
        low, high = self._processor_milliseconds()
        more = self.accelerators.microseconds if self.accelerators else (0.0, 0.0)
        return low + more[0] / 1000, high + more[1] / 1000

    def _processor_milliseconds(self) -> tuple[float, float]:
        if self.last is None or self.last.counts != self.chip.counts():
            raise ValueError("milliseconds are told right after run or embed")
        if self.target.cpu != "Cortex-M4":
            return milliseconds(self.last.instructions, self.target)
        flash = self.target.memory(self.target.placement.code)
        code = self.chip.read(flash.origin, self.firmware.flash_bytes)
        wait_states = self.target.timing.flash_wait_states
        low, high = cycles(*self.chip.executed(), code, flash.origin, wait_states)
        return 1000 * low / self.target.timing.clock_hz, 1000 * high / self.target.timing.clock_hz

    def self_test(self) -> str | None:
        """Run the known-answer test; return None, or the name of the first layer that differs."""
        place = self._free(4)
        if not self.chip.run("mf_self_test", place).value:
            return None
        return self._text(int.from_bytes(self.chip.read(place, 4), "little"))

    def write_gallery(self, image: bytes) -> None:
        """Write the binary gallery `image` to flash by the firmware; a `UserError` where it is refused."""
        place = self._free(len(image))
        self.chip.write(place, image)
        check_gallery(self.chip.run("mf_gallery_write", self.chip.call("mf_people"), place, len(image)).signed)

    def match(self, embeddings: np.ndarray) -> list[Match]:
        """Return the decision for each of the embeddings s8 [N, D], by `mf_match`."""
        return [self._match_one(np.asarray(each, np.int8)) for each in embeddings]

    def _match_one(self, embedding: np.ndarray) -> Match:
        place = self._free(_RESULT_BYTES)
        self.chip.write(self._output, embedding.tobytes())
        self.chip.run("mf_match", self._output, place)
        return Match(*np.frombuffer(self.chip.read(place, _RESULT_BYTES), "<i4").tolist())

    def layers(self, values: Mapping[str, np.ndarray]) -> list[LayerCount]:
        """Return the counted instructions of each call for all inputs' integers [1, H, W, C], run one by one."""
        plan = self.firmware.facts["plan"]
        names = c_names(step["name"] for step in plan["steps"])
        self._write_inputs([each[0] for each in self.model.network.checked(values).values()])
        calls = [step for step in plan["steps"] if step["function"]]
        return [self._count_layer(number, step, f"{names[step['name']]}_args") for number, step in enumerate(calls)]

    def _count_layer(self, number: int, step: dict[str, object], arguments: str) -> LayerCount:
        if step["fetched_bytes"]:
            self.chip.run("mf_network_fetch", number)
        base = self._arena
        places = [base + int(offset) for offset in (*step["inputs"], step["output"])]  # type: ignore[misc]
        scratch = 0 if step["scratch"] is None else base + int(step["scratch"])  # type: ignore[call-overload]
        function = str(step["function"])
        report = self.chip.run(function, self.chip.address(arguments), *places, scratch)
        return LayerCount(str(step["name"]), function, report.instructions, int(step["macs"]))  # type: ignore[call-overload]

    @property
    def arena_bytes(self) -> int:
        """RAM of activations, scratch and input."""
        return self.firmware.arena_bytes

    @property
    def _arena(self) -> int:
        return self.chip.address("mf_arena_start")

    def _places(self, side: str) -> list[int]:
        return [self._arena + int(offset) for offset in self.firmware.facts["plan"][side]]

    @property
    def _outputs(self) -> dict[str, int]:
        return dict(zip(self.model.network.outputs, self._places("output_offsets"), strict=True))

    @property
    def _input(self) -> int:
        """The place of the only input."""
        (place,) = self._places("input_offsets")
        return place

    @property
    def _output(self) -> int:
        """The place of the only output."""
        (place,) = self._places("output_offsets")
        return place

    def _read(self, name: str, place: int) -> np.ndarray:
        tensor = self.model.network.tensors[name]
        data = self.chip.read(place, tensor.bytes)
        return np.frombuffer(data, np.dtype(tensor.numpy_dtype).newbyteorder("<")).reshape(tensor.shape)

    def _free(self, size: int) -> int:
        """Return an address of `size` bytes that nothing uses between two runs: the arena beside the outputs."""
        places = self._outputs
        begin = min(places.values())
        end = max(place + self.model.network.tensors[name].bytes for name, place in places.items())
        for first, last in ((self._arena, begin), (-(-end // 4) * 4, self._arena + self.arena_bytes)):
            if last - first >= size:
                return first
        return self._free_elsewhere(size)

    def _free_elsewhere(self, size: int) -> int:
        place = self._unused_place(size)
        if place is None:
            raise UserError(f"{size} bytes", f"do not fit the free RAM of {self.target.name}", "give a smaller gallery")
        return place

    def _unused_place(self, size: int) -> int | None:
        """Return an address in RAM of `size` bytes that the firmware never uses, or None."""
        spaces = (self._unused(bank) for bank in self.target.ram)
        return next((first for first, end in spaces if end - first >= size), None)

    def _unused(self, bank: Memory) -> tuple[int, int]:
        """Return the largest part of `bank` that nothing takes, as (first, end): it ends where the arena begins."""
        symbols = self.chip.firmware.symbols
        taken = (symbols[name].address + 7 & ~7 for name in _ENDS if name in symbols)
        first = max((end for end in taken if bank.origin <= end <= bank.end), default=bank.origin)
        return first, self._arena if bank.origin <= self._arena < bank.end else bank.end

    def _text(self, address: int) -> str:
        text = bytearray()
        while byte := self.chip.read(address + len(text), 1)[0]:
            text.append(byte)
        return text.decode(errors="replace")


def accelerators_of(firmware: Firmware) -> Accelerators | None:
    """Return the accelerator that `firmware` was built for, with all its networks; None where it has none."""
    if not firmware.facts.get("accelerator"):
        return None
    return Accelerators([Model.of(each).network for each in firmware.sources], firmware.target)
