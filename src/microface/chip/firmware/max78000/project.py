"""The folder that `build` leaves: vendor files, headers, a C project, and firmware for the emulated chip."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from microface.chip.firmware import application, wake
from microface.chip.firmware.build import ARENA_SECTION, Options, facts_of, measure, symbols_of, wake_objects
from microface.chip.firmware.emit import emit_interface
from microface.chip.firmware.folder import ELF_NAME, JSON_NAME, Firmware, folder_to_be, write_model
from microface.chip.firmware.linker import LinkLayout, linker_script, startup_code
from microface.chip.firmware.max78000.memory import Extras, aligned, arena_bytes, processor_memory
from microface.chip.firmware.max78000.sources import c_file, draw_sample, write_network
from microface.chip.firmware.max78000.together import place_both
from microface.chip.firmware.model import Model
from microface.chip.firmware.ports import output_type
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import RUNTIME, copy_headers, people_sources, port_of_emulator
from microface.chip.firmware.toolchain import compile_objects, link
from microface.chip.plan.max78000 import AcceleratorPlan
from microface.chip.plan.max78000.report import to_json
from microface.chip.plan.memory import STACK_BYTES
from microface.chip.plan.planner import GALLERY_SLOT_BYTES
from microface.chip.targets import Target
from microface.files import write_json, write_text
from microface.models import ModelPackage
from microface.network import IntegerNetwork, save_network

_SYMBOLS = (
    "accelerator_begin", "accelerator_run", "accelerator_output", "accelerator_self_test", "cnn_time", "cnn_enable",
    "cnn_disable", "cnn_init", "cnn_configure", "cnn_load_weights", "cnn_load_bias", "cnn_start", "cnn_unload",
)  # fmt: skip
_KEPT = ("mf_network_begin", "accelerator_run", "accelerator_output", "accelerator_self_test")


def build_accelerator(
    source: ModelPackage | IntegerNetwork,
    target: Target,
    output_dir: Path,
    options: Options | None = None,
    sample: np.ndarray | None = None,
) -> Firmware:
    """Write everything for `source` to `output_dir`, wholly or not at all.

    `sample` s8 [H, W, C] is the known-answer test's input; drawn from a fixed seed where None.
    """
    model, options = Model.of(source), _by_rows(options or Options())
    plans = place_both(model.network, options.wake, target)
    memory = processor_memory(plans, target, extras_of(model, options))
    memory.require(model.name, target)
    plan, *others = plans
    values = draw_sample(model.network) if sample is None else sample
    with folder_to_be(output_dir) as folder:
        write_network(plan, values, folder)
        for other in others:
            _write_wake(other, folder)
        model_file = write_model(folder, source)
        _write_sources(model, target, folder, options)
        measured = None if options.source_only else _compile(folder, model, target, options)
        planned = _plan_json(plan, target, model) | memory.to_json()
        facts = facts_of(model, model_file, target, planned, measured, options)
        starts = [min(each.first_column for each in other.layers if each.columns) for other in others]
        facts |= {"accelerator": target.accelerator, "wake_weight_start": starts[0] if starts else None}
        write_json(folder / JSON_NAME, facts)
    return Firmware.load(output_dir)


def _by_rows(options: Options) -> Options:
    """Return `options` with the application fed by rows: this chip's RAM does not hold a whole frame."""
    if options.application is None:
        return options
    return replace(options, application=replace(options.application, rows=True))


def extras_of(model: Model, options: Options) -> Extras:
    """Return what takes the processor's memory beside the networks."""
    frames = None
    if options.application is not None:
        frames = application.kept_bytes(model, options.application, options.wake)
    return Extras(model.embeds, frames, options.reserve_flash, options.reserve_ram)


def _write_wake(plan: AcceleratorPlan, folder: Path) -> None:
    """Write the network that looks first: the same sources under names of its own."""
    own = folder / wake.FOLDER
    write_network(plan, draw_sample(plan.network), own)
    write_text(own / "wake.h", wake.wake_header(plan.network))
    write_text(own / "wake.c", c_file("wake.c"))
    write_text(own / wake.NAMES, wake.names_header(_SYMBOLS))
    save_network(plan.network, folder / wake.MODEL_FILE)


def _plan_json(plan: AcceleratorPlan, target: Target, model: Model) -> dict[str, Any]:
    """Return the plan with what the processor keeps in RAM: the input, and the output behind it."""
    places = {"arena_memory": target.placement.arena[0], "input_offsets": [0], "steps": []}
    output = {"output_offsets": [aligned(model.network.input.bytes)], "arena_bytes": arena_bytes(model.network)}
    return to_json(plan, target, "hardware") | places | output


def _write_sources(model: Model, target: Target, folder: Path, options: Options) -> None:
    """Write what the processor runs round the network: interface, people, the application, the emulator's port."""
    tensors = {"input": model.network.input, "output": model.network.output, "output_type": output_type(model)}
    files = emit_interface(model, target, GALLERY_SLOT_BYTES, accelerated=True)
    files["mf_network.h"] = render("mf_network_accelerator.h.j2", model=model, target=target, **tensors)
    files["mf_network.c"] = c_file("mf_network.c")
    runtime = people_sources() if model.embeds else ()
    if options.application is not None:
        files |= application.generated_files(model, options.application, options.wake)
        runtime = (*runtime, *application.application_sources())
    ports = (port_of_emulator(target), *((application.PORT_OF_SERIAL,) if options.application is not None else ()))
    files |= {f"chip/{name}": _runtime_file(name) for name in ports}
    files |= {f"runtime/{name}": _runtime_file(name) for name in runtime}
    files |= _start(model, target)
    for name, text in files.items():
        write_text(folder / name, text)
    copy_headers(folder)


def _runtime_file(name: str) -> str:
    return (RUNTIME / name).read_text(encoding="utf-8")


def _start(model: Model, target: Target) -> Mapping[str, str]:
    layout = LinkLayout(STACK_BYTES, arena_bytes(model.network), gallery_slot_bytes=GALLERY_SLOT_BYTES)
    return {"chip/startup.c": startup_code(target), "chip/link.ld": linker_script(target, layout)}


def _compile(folder: Path, model: Model, target: Target, options: Options) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="microface") as scratch:
        objects = _objects(folder, Path(scratch), target, options.compiler)
        kept = (*symbols_of(model, options), *_KEPT)
        path = link(objects, folder / "chip" / "link.ld", folder / ELF_NAME, target, kept, options.compiler)
    return measure(path, target, options.compiler)


def _objects(folder: Path, scratch: Path, target: Target, compiler: str) -> list[Path]:
    sources = [*folder.glob("*.c"), *(folder / "chip").glob("*.c"), *(folder / "runtime").glob("*.c")]
    includes = [folder, folder / "chip", folder / "runtime", folder / wake.FOLDER]
    objects = compile_objects(sorted(sources), target, includes, scratch, [ARENA_SECTION], compiler)
    return objects + wake_objects(folder, [folder / "runtime"], scratch, target, compiler)
