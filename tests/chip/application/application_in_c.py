"""The application's C on this computer and on an emulated chip, behind the same few calls."""

import ctypes
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

import microface.chip.firmware
from microface.chip.application.machine import State
from microface.chip.application.settings import Settings
from microface.chip.devices.emulator import EmulatedChip
from microface.chip.firmware.host_library import build_host_library, host_library_suffix
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.toolchain import compile_objects, link
from microface.chip.targets import Target
from microface.network.inputs.pixels import to_rgb565
from microface.network.inputs.resize import Rectangle
from microface.network.scores import SCORES

FIXTURE = Path(__file__).with_name("application_fixture.c")
RUNTIME = Path(microface.chip.firmware.__file__).parent / "runtime"
PATTERNS = (
    "mf_application*.c", "mf_votes.c", "mf_line.c", "mf_crop_u8.c", "mf_contrast_u8.c", "mf_frame_put_row.c",
    "mf_gallery.c", "mf_match_s8.c", "mf_score_*_s8.c", "mf_distance_s8.c", "mf_norm_s8.c", "mf_isqrt.c",
)  # fmt: skip
FRAME, GALLERY, SCRIPT, TEXT, CROP, NUMBERS, STATE = range(7)
FORMATS = ("rgb888", "rgb565", "rgb565_swapped")
TEXT_BYTES = 4096


def runtime_sources() -> list[Path]:
    return sorted({path for pattern in PATTERNS for path in RUNTIME.glob(pattern)})


class Machine(Protocol):
    """Where the C runs: calls by name, memory by address."""

    def call(self, name: str, *arguments: int) -> int: ...

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


class Host:
    def __init__(self, folder: Path) -> None:
        sizes = ["FRAME_BYTES=230400", "CROP_BYTES=65536", "SCRIPT_BYTES=8192"]
        out = folder / f"application{host_library_suffix()}"
        build_host_library([*runtime_sources(), FIXTURE], out, "undefined", include_dirs=[RUNTIME], defines=sizes)
        self._library = ctypes.CDLL(str(out))

    def call(self, name: str, *arguments: int) -> int:
        function = getattr(self._library, name)
        function.restype = ctypes.c_void_p if name == "fixture_memory" else ctypes.c_int32
        return int(function(*map(ctypes.c_int32, arguments)) or 0)

    def read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(address, size)

    def write(self, address: int, data: bytes) -> None:
        ctypes.memmove(address, data, len(data))


def emulated(folder: Path, target: Target) -> EmulatedChip:
    """Build for `target`, with small frames."""
    startup, script = folder / "startup.c", folder / "link.ld"
    layout = LinkLayout(stack_bytes=2048, arena_bytes=64, gallery_slot_bytes=4096)
    startup.write_text(startup_code(target), encoding="utf-8")
    script.write_text(linker_script(target, layout), encoding="utf-8")
    sources = [startup, RUNTIME / "port_emulator.c", *runtime_sources(), FIXTURE]
    sizes = ["FRAME_BYTES=12288", "CROP_BYTES=4096", "SCRIPT_BYTES=1024"]
    objects = compile_objects(sources, target, [RUNTIME], folder, sizes)
    names = re.findall(r"^SHOWN \w+ \*?(\w+)\(.*\);$", FIXTURE.read_text(encoding="utf-8"), re.MULTILINE)
    return EmulatedChip(target, link(objects, script, folder / "application.elf", target, names))


class ApplicationInC:
    """The C application on a `machine`; embeddings come from the caller, crops are made from real frames."""

    def __init__(self, machine: Machine, form: str = "rgb888") -> None:
        self._machine, self._format = machine, FORMATS.index(form)

    def _put(self, which: int, data: bytes, at: int = 0) -> None:
        self._machine.write(self._machine.call("fixture_memory", which) + at, data)

    def _get(self, which: int, size: int) -> bytes:
        return self._machine.read(self._machine.call("fixture_memory", which), size)

    def start(  # everything that a configuration has
        self,
        settings: Settings,
        rectangle: Rectangle,
        size: tuple[int, int],
        threshold: int,
        gallery: tuple[bytes, int, str, int],
        detects: bool = False,
    ) -> int:
        """Start; `gallery` is (image, dimensions, score, zero point). Returns the status."""
        image, dimensions, score, zero_point = gallery
        place = (rectangle.left, rectangle.top, rectangle.width, rectangle.height)
        counts = (len(settings.offsets), settings.crops_agree, settings.frames, settings.frames_agree)
        numbers = [dimensions, SCORES.index(score) + 1, zero_point, size[1], size[0], *place, *counts]  # type: ignore[arg-type]
        numbers += [settings.least_contrast, int(detects), *(side for offset in settings.offsets for side in offset)]
        self._put(GALLERY, image)
        self._put(NUMBERS, np.array(numbers, "<i4").tobytes())
        self._put(TEXT, bytes(TEXT_BYTES))
        return self._machine.call("fixture_start", threshold)

    def _show(self, picture: np.ndarray, embeddings: np.ndarray) -> tuple[int, int, int]:
        if self._format:
            words = to_rgb565(picture)
            data = words.astype("<u2" if self._format == 1 else ">u2").tobytes()
        else:
            data = picture.tobytes()
        self._put(FRAME, data)
        self._put(SCRIPT, embeddings.astype(np.int8).tobytes())
        return picture.shape[1], picture.shape[0], self._format

    def frame(self, picture: np.ndarray, embeddings: np.ndarray) -> int:
        """Show a frame whose crops have these embeddings s8 [crops, D]; return the status."""
        return self._machine.call("fixture_frame", *self._show(picture, embeddings))

    def frame_by_rows(self, picture: np.ndarray, embeddings: np.ndarray, part: Rectangle) -> int:
        """Show a frame row by row, of which only `part` is kept."""
        bounds = np.array([part.left, part.top, part.width, part.height], "<i4").tobytes()
        self._put(NUMBERS, bounds, at=4 * 60)
        return self._machine.call("fixture_rows", *self._show(picture, embeddings))

    def crop(self, picture: np.ndarray, rectangle: Rectangle, size: tuple[int, int]) -> np.ndarray | None:
        """Return the crop that the C makes, None where it refuses."""
        numbers = [size[1], size[0], rectangle.left, rectangle.top, rectangle.width, rectangle.height]
        self._put(NUMBERS, np.array(numbers, "<i4").tobytes(), at=12)
        if not self._machine.call("fixture_crop", *self._show(picture, np.zeros(0))):
            return None
        return np.frombuffer(self._get(CROP, 3 * size[0] * size[1]), np.uint8).reshape(*size, 3)

    def contrast(self, crop: np.ndarray) -> int:
        self._put(CROP, crop.tobytes())
        return self._machine.call("fixture_contrast", crop.shape[0] * crop.shape[1])

    def set_threshold(self, threshold: int) -> None:
        self._machine.call("fixture_threshold", threshold & 0xFFFFFFFF)

    def forget(self) -> None:
        self._machine.call("fixture_forget")

    @property
    def state(self) -> State:
        return State(*struct.unpack("<I8i", self._get(STATE, 36)))

    @property
    def lines(self) -> Sequence[str]:
        return self._get(TEXT, TEXT_BYTES).rstrip(b"\0").decode().split("\n")[:-1]
