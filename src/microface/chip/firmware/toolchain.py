"""Compiles and links C for a chip with ziglang (or the core's gcc when asked); equal sources give equal bytes.

Objects are cached under the user's cache folder by the hash of everything that shapes them: compiler, flags, the
source and every header it could include. Flags and their reasons: a freestanding target turns builtins off, hence
`-fhosted`; `-O0` would turn the undefined-behaviour sanitizer on; frame pointers are on by default.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from microface.chip.cores import core_of
from microface.chip.targets import Target
from microface.errors import UserError
from microface.files import read_bytes, write_bytes

WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wconversion")
COMMON_FLAGS = ("-std=c11", "-O2", "-g0", "-fomit-frame-pointer", "-ffp-contract=off", *WARNINGS)
CHIP_FLAGS = (
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
)
ZIG_CHIP_FLAGS = ("-fhosted", "-fno-sanitize=undefined")
LINK_FLAGS = ("-Wl,--gc-sections", "-Wl,--entry=Reset_Handler")


@dataclass(frozen=True)
class Toolchain:
    """How to call one compiler: `command` and the flags of every compile and every link; `label` tells versions."""

    command: tuple[str, ...]
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    label: str


def cache_folder() -> Path:
    """Return the folder of compiled objects and of zig's own cache; it may be deleted at any time."""
    return user_cache_path("microface")


def toolchain_for(target: Target, compiler: str = "zig") -> Toolchain:
    """Return the toolchain of the chip `target`; `compiler` is `zig` or `gcc` (e.g. arm-none-eabi-gcc)."""
    core = core_of(target)
    if compiler == "zig":
        return _zig_toolchain(target)
    if compiler == "gcc":
        return _gcc_toolchain(target, core.gcc)
    raise UserError(compiler, "is not a compiler known here", "choose zig or gcc")


def _zig_toolchain(target: Target) -> Toolchain:
    machine = ("-target", target.compiler.zig_target, f"-mcpu={target.compiler.mcpu}")
    flags = (*machine, *COMMON_FLAGS, *CHIP_FLAGS, *ZIG_CHIP_FLAGS)
    return Toolchain(zig_command(), flags, (*machine, "-O2", "-g0", *ZIG_CHIP_FLAGS, *LINK_FLAGS), zig_label())


def _gcc_toolchain(target: Target, name: str) -> Toolchain:
    found = shutil.which(name)
    if found is None:
        raise UserError(name, "is not found", "install it, or leave the compiler at zig")
    machine = target.compiler.gcc_flags
    version = run_tool([found, "-dumpfullversion"], name).strip()
    flags = (*machine, *COMMON_FLAGS, *CHIP_FLAGS)
    return Toolchain((found,), flags, (*machine, "-O2", "-nostartfiles", *LINK_FLAGS), f"gcc {version}")


def zig_command() -> tuple[str, ...]:
    """Return the command line of zig's C compiler, from the `ziglang` package of this Python."""
    return (sys.executable, "-m", "ziglang", "cc")


@functools.cache
def zig_label() -> str:
    """Return name and version of the ziglang compiler."""
    from importlib.metadata import version

    return f"ziglang {version('ziglang')}"


def compile_objects(
    sources: Sequence[Path],
    target: Target,
    include_dirs: Sequence[Path],
    out_dir: Path,
    defines: Sequence[str] = (),
    compiler: str = "zig",
    extra_flags: Sequence[str] = (),
) -> list[Path]:
    """Compile `sources` to `out_dir/<stem>.o`, in parallel, and return the objects in the order of the sources.

    `defines` are `NAME` or `NAME=VALUE`. A source that does not compile is a `UserError` with the first message.
    """
    tools = toolchain_for(target, compiler)
    return compile_with(tools, sources, include_dirs, out_dir, defines, extra_flags)


def compile_with(
    tools: Toolchain,
    sources: Sequence[Path],
    include_dirs: Sequence[Path],
    out_dir: Path,
    defines: Sequence[str] = (),
    extra_flags: Sequence[str] = (),
) -> list[Path]:
    """Compile `sources` with `tools`; the same as `compile_objects` for any toolchain."""
    _refuse_equal_stems(sources)
    flags = (*tools.compile_flags, *extra_flags, *(f"-D{define}" for define in defines))
    headers = _digest_of_headers((*include_dirs, *(source.parent for source in sources)))
    jobs = [_Job(source, out_dir / f"{source.stem}.o", tuple(include_dirs)) for source in sources]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(lambda job: _compile_one(tools, flags, headers, job), jobs))


@dataclass(frozen=True)
class _Job:
    source: Path
    output: Path
    include_dirs: tuple[Path, ...]


def _refuse_equal_stems(sources: Sequence[Path]) -> None:
    stems = [source.stem for source in sources]
    for stem in stems:
        if stems.count(stem) > 1:
            raise UserError(f"{stem}.c", "is given twice", "rename one: both would become the same object")


def _digest_of_headers(folders: Iterable[Path]) -> bytes:
    digest = hashlib.sha256()
    for folder in sorted(set(folders)):
        for header in sorted(folder.glob("*.h")):
            digest.update(header.name.encode() + b"\0" + hashlib.sha256(read_bytes(header)).digest())
    return digest.digest()


def _compile_one(tools: Toolchain, flags: tuple[str, ...], headers: bytes, job: _Job) -> Path:
    key = _digest_of_job(tools, flags, headers, job)
    stored = cache_folder() / "objects" / key[:2] / f"{key}.o"
    if not stored.is_file():
        write_bytes(stored, _compile_to_bytes(tools, flags, job))
    write_bytes(job.output, read_bytes(stored))
    return job.output


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return the SHA-256, in hex, over names and contents of files and the compiler: a name for what is built."""
    digest = hashlib.sha256(zig_label().encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(read_bytes(path)).digest())
    return digest.hexdigest()


def _digest_of_job(tools: Toolchain, flags: tuple[str, ...], headers: bytes, job: _Job) -> str:
    digest = hashlib.sha256(headers)
    for part in (tools.label, *flags, job.source.name):
        digest.update(part.encode() + b"\0")
    digest.update(read_bytes(job.source))
    return digest.hexdigest()


def _compile_to_bytes(tools: Toolchain, flags: tuple[str, ...], job: _Job) -> bytes:
    # The object is made beside its final place, under a name of its own: two runs may share the folder.
    job.output.parent.mkdir(parents=True, exist_ok=True)
    temporary = job.output.with_name(f".{job.output.stem}.{os.getpid()}.o")
    includes = [f"-I{folder}" for folder in job.include_dirs]
    maps = [f"-ffile-prefix-map={folder}=." for folder in {job.source.parent, *job.include_dirs}]
    try:
        command = [*tools.command, "-c", *flags, *includes, *sorted(maps), str(job.source), "-o", str(temporary)]
        run_tool(command, job.source)
        return read_bytes(temporary)
    finally:
        temporary.unlink(missing_ok=True)


def link(
    objects: Sequence[Path],
    script: Path,
    out: Path,
    target: Target,
    keep: Sequence[str] = (),
    compiler: str = "zig",
) -> Path:
    """Link `objects` by the linker `script` to the ELF file `out`.

    Sections that Reset_Handler does not reach are dropped, but for the symbols in `keep`.
    """
    tools = toolchain_for(target, compiler)
    kept = [f"-Wl,-u,{symbol}" for symbol in keep]
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    flags = [*tools.link_flags, *kept, "-T", str(script)]
    command = [*tools.command, *flags, *map(str, objects), "-o", str(temporary)]
    try:
        run_tool(command, out)
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    return out


def run_tool(command: Sequence[str], what: object, environment: Mapping[str, str] | None = None) -> str:
    """Run a compiler or linker and return its output; a failure is a `UserError` about `what`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(environment))
    except OSError as error:
        raise UserError(command[0], f"cannot be run ({error.strerror})", "install it again") from error
    if done.returncode:
        raise UserError(what, f"does not build: {_first_error(done.stderr)}", "correct that and build again")
    return done.stdout


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    zig_cache = str(cache_folder() / "zig")
    ours = {"ZIG_GLOBAL_CACHE_DIR": zig_cache, "ZIG_LOCAL_CACHE_DIR": zig_cache, "TERM": "dumb"}
    return ours | dict(os.environ) | dict(more or {})


def _first_error(messages: str) -> str:
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    return (errors or lines or ["the compiler said nothing"])[0]
