"""The gallery's C, compiled for this computer with the undefined-behaviour sanitizer, on a simulated flash."""

import ctypes
import functools
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from microface.chip.firmware.toolchain import zig_command
from microface.network.scores import SCORES
from microface.people.gallery import Gallery

RUNTIME = Path(__file__).parents[2] / "src/microface/chip/firmware/runtime"
SOURCES = ("mf_gallery*.c", "mf_match_s8.c", "mf_score_*_s8.c", "mf_distance_s8.c", "mf_norm_s8.c", "mf_isqrt.c")
STATUS = ("ok", "foreign", "other model", "damaged", "full", "flash", "nobody", "name")


class Flash(ctypes.Structure):
    _fields_ = [
        ("memory", ctypes.c_void_p),
        ("programmed", ctypes.c_void_p),
        *((name, ctypes.c_uint32) for name in ("bytes", "sector_bytes", "unit_bytes")),
        *((name, ctypes.c_uint32) for name in ("calls_left", "cut", "broken_call", "calls", "violations", "dead")),
    ]


class Config(ctypes.Structure):
    _fields_ = [
        ("slots", ctypes.c_void_p * 2),
        *((name, ctypes.c_uint32) for name in ("slot_bytes", "sector_bytes", "unit_bytes")),
        ("model_id", ctypes.c_uint8 * 32),
        ("dimensions", ctypes.c_uint32),
        ("score", ctypes.c_int),
        ("zero_point", ctypes.c_int32),
    ]


class State(ctypes.Structure):
    _fields_ = [("config", ctypes.POINTER(Config)), ("slot", ctypes.c_int32)]


class Match(ctypes.Structure):
    _fields_ = [("person", ctypes.c_int32), ("nearest", ctypes.c_int32), ("distance", ctypes.c_int32)]


@functools.cache
def library() -> ctypes.CDLL:
    """Return the compiled library; undefined behaviour in it ends the process."""
    folder = Path(tempfile.mkdtemp())
    sources = [path for pattern in SOURCES for path in sorted(RUNTIME.glob(pattern))]
    sources.append(Path(__file__).with_name("simulated_flash.c"))
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-fPIC", "-shared"]
    flags += ["-fsanitize=undefined", "-fsanitize-trap=undefined", f"-I{RUNTIME}"]
    subprocess.run([*zig_command(), *flags, *map(str, sources), "-o", str(folder / "gallery.so")], check=True)
    loaded = ctypes.CDLL(str(folder / "gallery.so"))
    for name in ("mf_gallery_people", "mf_gallery_photos", "mf_isqrt", "mf_norm_s8", "mf_crc32"):
        getattr(loaded, name).restype = ctypes.c_uint32
    loaded.mf_gallery_name.restype = ctypes.c_char_p
    loaded.mf_gallery_templates.restype = ctypes.c_void_p
    return loaded


@dataclass(frozen=True)
class Geometry:
    """A chip's flash: bytes of a sector and of a unit, sectors of a slot."""

    sector: int
    unit: int
    sectors: int = 1

    @property
    def slot(self) -> int:
        return self.sector * self.sectors


@dataclass
class Chip:
    """Flash that outlives power cuts, and the gallery that start-up finds in it."""

    geometry: Geometry
    model_id: str
    dimensions: int = 8
    score: str = "l2"
    zero_point: int = 0
    flash: Flash = field(init=False)
    memory: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        size = 2 * self.geometry.slot
        self.memory = np.full(size, 255, np.uint8)
        self._programmed = np.zeros(size // self.geometry.unit, np.uint8)
        pointers = (self.memory.ctypes.data, self._programmed.ctypes.data)
        self.flash = Flash(*pointers, size, self.geometry.sector, self.geometry.unit, 2**31)
        slots = (self.memory.ctypes.data, self.memory.ctypes.data + self.geometry.slot)
        model = (ctypes.c_uint8 * 32)(*bytes.fromhex(self.model_id))
        sizes = (self.geometry.slot, self.geometry.sector, self.geometry.unit)
        number = SCORES.index(self.score) + 1
        config = (ctypes.c_void_p * 2)(*slots), *sizes, model, self.dimensions, number, self.zero_point
        self._config = Config(*config)
        self.state = State()

    def start(self) -> str:
        """Reset: power is there, memory is not."""
        self.flash.calls_left, self.flash.calls, self.flash.dead, self.flash.broken_call = 2**31, 0, 0, 0
        return self._started()

    def start_cut(self, after: int, how: int) -> None:
        """Start up with power failing in the call after `after` calls."""
        self.flash.calls_left, self.flash.cut, self.flash.calls, self.flash.dead = after, how, 0, 0
        self._started()

    def _started(self) -> str:
        library().simulated_flash_use(ctypes.byref(self.flash))
        self.state = State()
        return STATUS[library().mf_gallery_init(ctypes.byref(self.state), ctypes.byref(self._config))]

    def cut(self, after: int, how: int, change: Callable[["Chip"], object]) -> bool:
        """Do `change` with power failing in the call after `after` calls; True when it came to that."""
        self.flash.calls_left, self.flash.cut, self.flash.calls, self.flash.dead = after, how, 0, 0
        change(self)
        return bool(self.flash.dead)

    def write(self, image: bytes) -> str:
        return self._status("write", image, len(image))

    def add(self, name: str, templates: np.ndarray) -> str:
        return self._status("add", name.encode(), templates.tobytes(), len(templates))

    def remove(self, person: int) -> str:
        return self._status("remove", person)

    def rename(self, person: int, name: str) -> str:
        return self._status("rename", person, name.encode())

    def set_threshold(self, threshold: int) -> str:
        return self._status("set_threshold", threshold)

    def _status(self, function: str, *arguments: object) -> str:
        return STATUS[getattr(library(), f"mf_gallery_{function}")(ctypes.byref(self.state), *arguments)]

    def threshold(self) -> int:
        return int(library().mf_gallery_threshold(ctypes.byref(self.state)))

    def people(self) -> list[tuple[str, list[list[int]]]]:
        """Names and templates as the C reads them."""
        state = ctypes.byref(self.state)
        return [self._person(state, i) for i in range(library().mf_gallery_people(state))]

    def _person(self, state: object, index: int) -> tuple[str, list[list[int]]]:
        photos = library().mf_gallery_photos(state, index)
        place = library().mf_gallery_templates(state, index)
        values = np.frombuffer(ctypes.string_at(place, photos * self.dimensions), np.int8)
        return library().mf_gallery_name(state, index).decode(), values.reshape(photos, -1).tolist()

    def match(self, embedding: np.ndarray) -> tuple[int, int, int]:
        result = Match()
        library().mf_match_s8(ctypes.byref(self.state), embedding.tobytes(), ctypes.byref(result))
        return result.person, result.nearest, result.distance

    def slot_bytes(self) -> bytes:
        """Bytes of the slot in use."""
        start = self.state.slot * self.geometry.slot
        return self.memory[start : start + self.geometry.slot].tobytes()

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        return self.memory.copy(), self._programmed.copy()

    def restore(self, snapshot: tuple[np.ndarray, np.ndarray]) -> None:
        self.memory[:], self._programmed[:] = snapshot


def contents(gallery: Gallery) -> list[tuple[str, list[list[int]]]]:
    """What `Chip.people` gives for `gallery`."""
    return [(person.name, person.templates.tolist()) for person in gallery]
