"""Builds C into a shared library for this machine, by zig; with the address sanitizer by the host's gcc or clang."""

import ctypes
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from microface.chip.firmware.toolchain import (
    COMMON_FLAGS,
    Toolchain,
    cache_folder,
    compile_with,
    digest_of_files,
    run_tool,
    zig_command,
    zig_label,
)
from microface.chip.targets.target import cpu_flags
from microface.errors import UserError
from microface.files import read_bytes, write_bytes

Sanitizer = Literal["undefined", "address"]


def host_library_suffix() -> str:
    """Return what a shared library's name ends with here."""
    return {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


def build_host_library(
    sources: Sequence[Path],
    out: Path,
    sanitize: Sanitizer | None = None,
    fast: bool = True,
    include_dirs: Sequence[Path] = (),
    defines: Sequence[str] = (),
) -> Path:
    """Build `sources` into the shared library `out`; `fast` uses this processor's own instructions.

    `sanitize="undefined"` aborts with a message at undefined behaviour; `"address"` needs gcc or clang and a
    process started with `sanitizer_environment`. Symbols are visible only where C says so.
    """
    tools = _toolchain(sanitize, fast)
    with tempfile.TemporaryDirectory(prefix="microface") as folder:
        objects = compile_with(tools, sources, include_dirs, Path(folder), defines)
        library = Path(folder) / out.name
        run_tool([*tools.command, *tools.link_flags, *map(str, objects), "-o", str(library)], out)
        write_bytes(out, read_bytes(library), 0o755)
    return out


def load_host_library(source: Path) -> ctypes.CDLL:
    """Return one C file as a shared library for this computer, built once and kept in the cache."""
    name = f"{source.stem}-{digest_of_files([source])[:16]}{host_library_suffix()}"
    place = cache_folder() / "libraries" / name
    if not place.is_file():
        build_host_library([source], place)
    return ctypes.CDLL(str(place))


def sanitizer_environment(sanitize: Sanitizer | None) -> dict[str, str]:
    """Return the environment in which a process can load a library built with `sanitize`."""
    if sanitize != "address":
        return {}
    compiler = _address_compiler()
    is_gcc = "gcc" in Path(compiler).name
    name = "libasan.so" if is_gcc else "libclang_rt.asan-x86_64.so"
    runtime = run_tool([compiler, f"-print-file-name={name}"], compiler).strip()
    # Clang's names come from a process of its own, which would load the sanitizer too and never end.
    options = "detect_leaks=0" if is_gcc else "detect_leaks=0:symbolize=0"
    return {"LD_PRELOAD": runtime, "ASAN_OPTIONS": options}


def _toolchain(sanitize: Sanitizer | None, fast: bool) -> Toolchain:
    shared = ("-fPIC", "-fvisibility=hidden")
    if sanitize == "address":
        flags = (*COMMON_FLAGS, *shared, "-g1", "-fsanitize=address", "-fno-omit-frame-pointer")
        machine = ("-march=native",) if fast else ()
        compiler = _address_compiler()
        return Toolchain((compiler,), (*flags, *machine), ("-shared", "-fsanitize=address"), compiler)
    machine = ("-mcpu=native",) if fast else ()
    checks = _undefined_flags() if sanitize == "undefined" else ("-fno-sanitize=undefined",)
    label = f"{zig_label()} {' '.join(sorted(cpu_flags())) if fast else ''}"
    return Toolchain(zig_command(), (*machine, *COMMON_FLAGS, *shared, *checks), (*machine, "-shared", *checks), label)


def _undefined_flags() -> tuple[str, ...]:
    return ("-fsanitize=undefined", "-fno-sanitize-recover=all")


def _address_compiler() -> str:
    for name in ("gcc", "clang"):
        if found := shutil.which(name):
            return found
    raise UserError("address sanitizer", "needs gcc or clang", "install one, or build without it")
