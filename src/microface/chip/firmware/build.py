"""Building firmware: C files, the ELF file made from them, and `firmware.json`, which tells what it is."""

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from microface import __version__
from microface.chip.application.settings import Settings
from microface.chip.cores import CORES
from microface.chip.firmware import application, elf, wake
from microface.chip.firmware.emit import emit_application, emit_network
from microface.chip.firmware.folder import ELF_NAME, JSON_NAME, Firmware, folder_to_be, write_model
from microface.chip.firmware.linker import LinkLayout, arena_bank, linker_script, startup_code
from microface.chip.firmware.model import Model
from microface.chip.firmware.ports import Ports
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME, copy_headers, kernel_sources, people_sources, port_of_emulator
from microface.chip.firmware.tables import c_names
from microface.chip.firmware.toolchain import compile_objects, link, toolchain_for
from microface.chip.plan import Plan, plan
from microface.chip.plan.calls import Call, Choose, list_calls
from microface.chip.plan.kernels import choose as choose_kernel
from microface.chip.targets import Target
from microface.errors import UserError
from microface.files import write_json, write_text
from microface.models import ModelPackage
from microface.network import IntegerNetwork, Tensor

ARENA_SECTION = 'MF_ARENA_STORAGE=__attribute__((section(".arena")))'
_KEPT = (
    "mf_init",
    "mf_self_test",
    "mf_version",
    "mf_model_id",
    "mf_network_run",
)
_KEPT_OF_PEOPLE = (
    "mf_prepare", "mf_embed", "mf_match", "mf_people", "mf_gallery_write", "mf_gallery_add", "mf_gallery_remove",
    "mf_gallery_rename", "mf_gallery_set_threshold", "mf_gallery_name",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """How to build: `layout` overrules the planned memory (tests of the limits), `compiler` is zig or gcc.

    With `application` the firmware also takes frames of a camera and reports who is there; `wake` is a face / no-face
    network that looks at each frame first.
    """

    source_only: bool = False
    compiler: str = "zig"
    reserve_flash: int = 0
    reserve_ram: int = 0
    layout: LinkLayout | None = None
    choose: Choose = choose_kernel
    application: Settings | None = None
    wake: IntegerNetwork | None = None


def build(
    source: ModelPackage | IntegerNetwork,
    target: Target,
    output_dir: Path,
    source_only: bool = False,
    options: Options | None = None,
) -> Firmware:
    """Write the firmware of `source` for `target` to `output_dir`, wholly or not at all, and return it.

    A plan that does not fit is a `UserError` that tells what is short. Equal inputs give equal bytes.
    """
    options = replace(options or Options(), source_only=source_only)
    if target.kind == "host" and not source_only:
        raise UserError(target.name, "is no chip", "add --source-only for its C files, or name a chip")
    model = Model.of(source).on_processor
    planned = _plan(model, target, options)
    if not planned.fits:
        short = "; ".join(map(str, planned.shortages))
        raise UserError(
            f"{model.name} on {target.name}", short, "reserve less, or take a smaller network or larger chip"
        )
    with folder_to_be(output_dir) as folder:
        _write_sources(folder, model, planned, target, options)
        model_file = write_model(folder, source)
        measured = None if options.source_only else _compile(folder, model, planned, target, options)
        facts = facts_of(model, model_file, target, planned.to_json(), measured, options)
        write_json(folder / JSON_NAME, facts)
    return Firmware.load(output_dir)


def _plan(model: Model, target: Target, options: Options) -> Plan:
    """Return the plan; a network that looks first has its arena behind the model's, in one bank."""
    planned = plan(model.network, target, options.reserve_flash, options.reserve_ram, options.choose)
    if options.wake is None:
        return planned
    if planned.fetched:
        reason = "fetches the tables of one network only"
        raise UserError(target.name, reason, "build without the face / no-face network")
    return replace(planned, arena_memory=arena_bank(target, _layout(replace(planned, arena_memory=""), options)).name)


def _write_sources(folder: Path, model: Model, planned: Plan, target: Target, options: Options) -> None:
    calls = list_calls(model.network, target.features, options.choose)
    files = emit_network(model, planned, calls, target) | emit_application(model, planned, calls, target)
    runtime = _runtime_sources(model, calls)
    if options.application is not None:
        files |= application.generated_files(model, options.application, options.wake)
        more = wake.write_wake(folder, options.wake, target, options.choose) if options.wake is not None else ()
        runtime = sorted({*runtime, *application.application_sources(), *more})
    files["CMakeLists.txt"] = _cmake(model, planned, target, sorted(files), runtime)
    if target.kind != "host":
        script = linker_script(target, _layout(planned, options))
        files |= {"chip/startup.c": startup_code(target), "chip/link.ld": script}
        ports = (port_of_emulator(target), *((application.PORT_OF_SERIAL,) if options.application is not None else ()))
        files |= {f"chip/{name}": (RUNTIME / name).read_text(encoding="utf-8") for name in ports}
    for name, text in files.items():
        write_text(folder / name, text)
    for name in runtime:
        write_text(folder / "runtime" / name, (RUNTIME / name).read_text(encoding="utf-8"))
    copy_headers(folder)


def _runtime_sources(model: Model, calls: tuple[Call, ...]) -> list[str]:
    return sorted({*kernel_sources(calls), *(people_sources() if model.embeds else ())})


def _cmake(model: Model, planned: Plan, target: Target, names: list[str], runtime: list[str]) -> str:
    own = [name for name in names if name.endswith(".c") and name != "example_main.c"]
    return render(
        "CMakeLists.txt.j2",
        model=model,
        plan=planned,
        target=target,
        flags=" ".join(target.compiler.gcc_flags),
        gcc=CORES[target.kind].gcc if target.kind in CORES else "",
        gallery_bytes=planned.gallery.bytes,
        c_name=c_names([model.name])[model.name],
        sources=[*own, *(f"runtime/{name}" for name in runtime)],
    )


def _layout(planned: Plan, options: Options) -> LinkLayout:
    slot, arena = planned.gallery.bytes // 2, planned.arena_bytes
    if options.wake is not None:
        arena += plan(options.wake, Target.load(planned.target), choose=options.choose).arena_bytes
    layout = options.layout or LinkLayout(planned.stack_bytes, arena, planned.arena_memory, slot)
    return replace(layout, fetched=planned.fetched)


def _compile(folder: Path, model: Model, planned: Plan, target: Target, options: Options) -> dict[str, Any]:
    """Compile and link in `folder`; return what was measured in the ELF file."""
    with tempfile.TemporaryDirectory(prefix="microface") as scratch:
        objects = _objects(folder, Path(scratch), target, options.compiler)
        fetch = ("mf_network_fetch",) if planned.fetched else ()
        script, kept = folder / "chip" / "link.ld", (*symbols_of(model, options), *fetch)
        path = link(objects, script, folder / ELF_NAME, target, kept, options.compiler)
    return measure(path, target, options.compiler)


def symbols_of(model: Model, options: Options) -> tuple[str, ...]:
    """Return the functions that are called from outside: devices call them by name."""
    kept = (
        *_KEPT,
        *(port.getter for port in Ports.of(model).all),
        *(_KEPT_OF_PEOPLE if model.embeds else ("mf_infer",)),
    )
    return (*kept, *(application.kept_symbols(options.application) if options.application is not None else ()))


def measure(path: Path, target: Target, compiler: str) -> dict[str, Any]:
    """Return sizes in bytes of the ELF file `path`, and where the runtime's symbols lie."""
    image = elf.Firmware(path)
    return {
        "compiler": toolchain_for(target, compiler).label,
        "flash_bytes": image.flash_bytes,
        "code_bytes": image.bytes_of(".text") + image.bytes_of(".vectors"),
        "constant_bytes": image.bytes_of(".rodata") + image.bytes_of(".tables"),
        "data_bytes": image.bytes_of(".data") + image.bytes_of(".bss"),
        "arena_bytes": image.bytes_of(".arena"),
        "stack_bytes": image.bytes_of(".stack"),
        "symbols": {name: symbol.address for name, symbol in sorted(image.symbols.items()) if name.startswith("mf_")},
    }


def _objects(folder: Path, scratch: Path, target: Target, compiler: str) -> list[Path]:
    runtime = sorted((folder / "runtime").glob("*.c"))
    own = sorted(path for path in folder.glob("*.c") if path.name != "example_main.c")
    chip = sorted((folder / "chip").glob("*.c"))
    includes = [folder / "runtime"]
    objects = compile_objects(runtime, target, includes, scratch, compiler=compiler)
    objects += compile_objects(
        own, target, [folder, folder / wake.FOLDER, *includes], scratch, [ARENA_SECTION], compiler
    )
    objects += compile_objects(chip, target, includes, scratch, compiler=compiler)
    return objects + wake_objects(folder, includes, scratch, target, compiler)


def wake_objects(folder: Path, includes: list[Path], scratch: Path, target: Target, compiler: str) -> list[Path]:
    """Compile the network that looks first, under names of its own; nothing where there is none."""
    own = folder / wake.FOLDER
    sources = sorted((*own.glob("*.c"), *(own / "chip").glob("*.c")))
    renamed = ("-include", str(own / wake.NAMES))
    places = [own, own / "chip", *includes]
    out, defines = scratch / wake.FOLDER, [ARENA_SECTION]
    return compile_objects(sources, target, places, out, defines, compiler, renamed) if sources else []


def facts_of(
    model: Model,
    model_file: str,
    target: Target,
    planned: dict[str, Any],
    measured: dict[str, Any] | None,
    options: Options,
) -> dict[str, Any]:
    """Return what `firmware.json` holds; `planned` is the plan as JSON."""
    network = model.network
    return {
        "format": 1,
        "microface": __version__,
        "target": target.name,
        "model": model.name,
        "model_id": model.model_id,
        "model_file": model_file,
        "licence": model.licence,
        "preprocess": model.preprocess.to_json() if model.preprocess else None,
        "score": model.score,
        "inputs": [_described(network.tensors[name]) for name in network.inputs],
        "outputs": [_described(network.tensors[name]) for name in network.outputs],
        "plan": planned,
        "measured": measured,
        "application": asdict(options.application) if options.application is not None else None,
        "wake_file": wake.MODEL_FILE if options.wake is not None else None,
    }


def _described(tensor: Tensor) -> dict[str, Any]:
    return asdict(tensor) | {"shape": list(tensor.shape)}
