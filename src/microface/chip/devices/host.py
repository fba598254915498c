"""The host library: the same generated C as on the chip, compiled for this computer and called by ctypes."""

import ctypes
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from microface.chip.devices.device import Match, check_gallery, run_single
from microface.chip.firmware.emit import emit_application, emit_network
from microface.chip.firmware.host_library import Sanitizer, build_host_library, host_library_suffix
from microface.chip.firmware.model import Model
from microface.chip.firmware.ports import Ports
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME, headers, kernel_sources, people_sources
from microface.chip.firmware.toolchain import COMMON_FLAGS, cache_folder, zig_label
from microface.chip.plan import Plan, plan
from microface.chip.plan.calls import Choose, list_calls
from microface.chip.plan.kernels import choose as choose_kernel
from microface.chip.targets import Target
from microface.chip.targets.target import cpu_flags
from microface.files import read_bytes, write_bytes
from microface.models import ModelPackage
from microface.network.network import IntegerNetwork

GALLERY_SLOT_BYTES = 1 << 20
"""Room for any chip's gallery: what a chip takes, the host takes too."""


class HostDevice:
    """A model as a shared library. `threads` inputs are computed at once; each thread has an arena of its own."""

    def __init__(
        self, source: ModelPackage | IntegerNetwork | Model, threads: int = 1, choose: Choose = choose_kernel
    ) -> None:
        """Compile `source` for this computer, or take the library from the cache."""
        self.model = Model.of(source).on_processor
        self.threads = threads
        self.target = Target.load("host")
        self.plan = plan(self.model.network, self.target, choose=choose, gallery_slot_bytes=GALLERY_SLOT_BYTES)
        self._library = ctypes.CDLL(str(_cached_library(self.model, self.plan, self.target, choose)))
        self._library.host_run.restype = None
        self._gallery = b""

    @property
    def name(self) -> str:
        """What the device is, for people."""
        return "host library"

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return the network's integers [N, h, w, c] for s8 inputs [N, H, W, C]."""
        return run_single(self, inputs)

    def run_of(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs' integers [N, h, w, c] by name, for all inputs [N, H, W, C] by name."""
        network = self.model.network
        given = [np.ascontiguousarray(each) for each in network.checked(inputs).values()]
        count, outputs = len(given[0]), [network.tensors[name] for name in network.outputs]
        results = [np.empty((count, *output.shape), output.numpy_dtype) for output in outputs]
        parts = np.array_split(np.arange(count), min(self.threads, max(count, 1)))
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(lambda part: self._run_part(given, results, part), parts))
        return dict(zip(network.outputs, results, strict=True))

    def _run_part(self, inputs: Sequence[np.ndarray], results: Sequence[np.ndarray], part: np.ndarray) -> None:
        if len(part):
            first, end = int(part[0]), int(part[-1]) + 1
            pointers = (_pointers([each[first:end] for each in arrays]) for arrays in (inputs, results))
            self._library.host_run(*pointers, ctypes.c_int64(end - first))

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Return the embeddings s8 [N, D] of uint8 crops [N, H, W, 3]."""
        return self.run(self.model.prepare(crops)).reshape(len(crops), -1)

    def write_gallery(self, image: bytes) -> None:
        """Write the binary gallery `image` as the chip would; a `UserError` where it is refused, the old one stays."""
        check_gallery(self._library.host_load_gallery(image, len(image)))
        self._gallery = image

    def match(self, embeddings: np.ndarray) -> list[Match]:
        """Return the decision for each of the embeddings s8 [N, D]."""
        # Devices of one model share the library and its flash, so each puts its own gallery there.
        check_gallery(self._library.host_load_gallery(self._gallery, len(self._gallery)))
        embeddings = np.ascontiguousarray(embeddings, np.int8)
        results = np.empty((len(embeddings), 3), np.int32)
        pointers = (ctypes.c_void_p(each.ctypes.data) for each in (embeddings, results))
        self._library.host_match(*pointers, ctypes.c_int64(len(embeddings)))
        return [Match(*map(int, row)) for row in results]

    def self_test(self) -> str | None:
        """Run the known-answer test; return None, or the name of the first layer that differs."""
        layer = ctypes.c_char_p()
        return (layer.value or b"").decode() if self._library.host_self_test(ctypes.byref(layer)) else None


def _pointers(arrays: Sequence[np.ndarray]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(each.ctypes.data for each in arrays))


def host_files(model: Model, planned: Plan, target: Target, choose: Choose = choose_kernel) -> dict[str, str]:
    """Return the generated files of the host library."""
    calls = list_calls(model.network, target.features, choose)
    files = emit_network(model, planned, calls, target) | emit_application(model, planned, calls, target)
    del files["example_main.c"]
    values = {"model": model, "plan": planned, "target": target, "ports": Ports.of(model)}
    return files | {name: render(f"{name}.j2", **values) for name in ("host_batch.h", "host_batch.c")}


def runtime_files(model: Model, target: Target, choose: Choose = choose_kernel) -> tuple[str, ...]:
    """Return the runtime's C files that the host library needs."""
    kernels = kernel_sources(list_calls(model.network, target.features, choose))
    return (*kernels, *people_sources()) if model.embeds else kernels


def compile_library(
    model: Model,
    planned: Plan,
    target: Target,
    out: Path,
    choose: Choose = choose_kernel,
    sanitize: Sanitizer | None = None,
) -> Path:
    """Write the shared library of `model` to `out`; `sanitize` as `build_host_library` says."""
    with tempfile.TemporaryDirectory(prefix="microface") as name:
        folder = Path(name)
        files = host_files(model, planned, target, choose)
        # One file of all: a compiler starts slowly, and this is done for every network that a test draws.
        files["library.c"] = "\n".join(files.pop(file) for file in sorted(files) if file.endswith(".c"))
        for file, text in files.items():
            write_bytes(folder / file, text.encode())
        sources = [folder / "library.c", *(RUNTIME / file for file in runtime_files(model, target, choose))]
        storage = "MF_ARENA_STORAGE=_Thread_local"
        return build_host_library(sources, out, sanitize, include_dirs=[folder, RUNTIME], defines=[storage])


def _cached_library(model: Model, planned: Plan, target: Target, choose: Choose) -> Path:
    """Return the library's file in the cache; its name is the hash of everything that it is made from."""
    files, runtime = host_files(model, planned, target, choose), runtime_files(model, target, choose)
    library = cache_folder() / "host" / f"{_digest(files, runtime)}{host_library_suffix()}"
    if not library.is_file():
        library.parent.mkdir(parents=True, exist_ok=True)
        compile_library(model, planned, target, library, choose)
    return library


def _digest(files: Mapping[str, str], runtime: tuple[str, ...]) -> str:
    digest = hashlib.sha256(" ".join((zig_label(), *COMMON_FLAGS, *sorted(cpu_flags()))).encode())
    for name, text in sorted(files.items()):
        digest.update(f"{name}\0{text}".encode())
    for name in sorted((*runtime, *headers())):
        digest.update(name.encode() + b"\0" + read_bytes(RUNTIME / name))
    return digest.hexdigest()
