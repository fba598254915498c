"""The C of a model on a target: every generated file as text, from templates. Equal inputs give equal text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from microface.chip.firmware.known_answer import SEED, KnownAnswer, known_answer, parts_of, sample_bytes
from microface.chip.firmware.model import Model
from microface.chip.firmware.ports import C_TYPES, Ports
from microface.chip.firmware.render import render
from microface.chip.firmware.tables import Table, c_names, c_string
from microface.chip.plan import Plan, Step
from microface.chip.plan.calls import Call
from microface.chip.plan.planner import arena_alignment
from microface.chip.targets import Target
from microface.errors import UserError
from microface.network.tensors import Tensor

_SCORES = {"l1": "MF_SCORE_L1", "l2": "MF_SCORE_L2", "l2norm": "MF_SCORE_L2NORM", "cosine": "MF_SCORE_COSINE"}
_PREPARATIONS = {"none": "byte - 128", "spread": "light corrected (spread), then byte - 128"}


@dataclass(frozen=True)
class EmittedCall:
    """What the template of the network needs of one call."""

    function: str
    c_name: str
    comment: str
    members: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]
    output: int
    output_bytes: int
    fetched: bool


@dataclass
class Tables:
    """Collects constant tables; two of the same type, bytes and section are one."""

    tables: list[Table] = field(default_factory=list)
    names: dict[tuple[str, bytes, str], str] = field(default_factory=dict)

    def add(self, name: str, values: np.ndarray, section: str) -> str:
        """Return the name of the table that holds `values` in `section`; a new one is called `name`."""
        key = values.dtype.str, values.tobytes(), section
        if key not in self.names:
            self.names[key] = name
            self.tables.append(Table(name, values, section))
        return self.names[key]


def emit_network(model: Model, plan: Plan, calls: Sequence[Call], target: Target) -> dict[str, str]:
    """Return the files of the network alone: `mf_network.[hc]` and `mf_tables.[hc]`."""
    running, emitted, tables = _emit_calls(plan, calls)
    ports = Ports.of(model)
    values = {
        "model": model,
        "plan": plan,
        "ports": ports,
        "places": list(zip(ports.all, (*plan.input_offsets, *plan.output_offsets), strict=True)),
        "layers": [c_string(name) for name in (*(port.layer for port in ports.inputs), *(c.label for c in running))],
        "headers": sorted({call.kernel.header for call in running}),
        "arena_alignment": arena_alignment(target),
        "accessors": [(name, c_type) for name, c_type in C_TYPES.items() if f"{name}(" in _arguments(emitted)],
        "calls": emitted,
        "first_call": len(ports.inputs),
        "fetched": plan.fetched,
        "tables": tables,
    }
    return {name: render(f"{name}.j2", **values) for name in _NETWORK_FILES}


_NETWORK_FILES = ("mf_network.h", "mf_network.c", "mf_tables.h", "mf_tables.c")


def _emit_calls(plan: Plan, calls: Sequence[Call]) -> tuple[list[Call], list[EmittedCall], list[Table]]:
    """Return the calls that have code, the same as C, and their tables."""
    tables, c_name = Tables(), c_names(call.name for call in calls)
    pairs = [(call, step) for call, step in zip(calls, plan.steps, strict=True) if step.function]
    emitted = [
        _emit_call(call, step, c_name[call.name], tables, f".tables.{number}" if step.fetched_bytes else "")
        for number, (call, step) in enumerate(pairs)
    ]
    return [call for call, _ in pairs], emitted, tables.tables


def _arguments(emitted: Sequence[EmittedCall]) -> str:
    """Return the arguments of all calls, as C."""
    return " ".join(argument for call in emitted for argument in call.arguments)


def _emit_call(call: Call, step: Step, c_name: str, tables: Tables, section: str) -> EmittedCall:
    fields = call.kernel.fields(call.first, call.network)
    packed = call.kernel.pack(call.first, call.network)
    members = [(member, str(value)) for member, value in fields.items()]
    members += [(member, tables.add(f"mf_{c_name}_{member}", values, section)) for member, values in packed.items()]
    places = zip((*call.inputs, call.output), (*step.inputs, step.output), strict=True)
    arguments = [_pointer(call, tensor, offset) for tensor, offset in places]
    arguments.append("0" if step.scratch is None else f"arena + {step.scratch}")
    comment = f"{call.label}: {_describe(call)}, {step.macs:,} multiply-accumulates".replace("*/", "* /")
    written = step.output, step.output_bytes
    return EmittedCall(step.function, c_name, comment, tuple(members), tuple(arguments), *written, bool(section))


def _pointer(call: Call, tensor: str, offset: int) -> str:
    return f"{call.network.tensors[tensor].dtype}({offset})"


def _describe(call: Call) -> str:
    shapes = ["x".join(map(str, call.network.tensors[name].shape)) for name in (*call.inputs[:1], call.output)]
    kinds = " + ".join(operator.kind for operator in call.operators)
    return f"{kinds} {' -> '.join(shapes)}"


def emit_application(model: Model, plan: Plan, calls: Sequence[Call], target: Target) -> dict[str, str]:
    """Return what stands round the network: `microface.[hc]`, the known-answer test, an example, CMakeLists.txt."""
    answer = known_answer(model.network, calls, sample_inputs(model))
    values = {
        "model": model,
        "ports": Ports.of(model),
        "seed": SEED,
        "checksums": _checksum_lines(answer),
        "parts": list(_parts(plan, calls)),
        "fetched": bool(plan.fetched),
        "first_call": len(plan.input_offsets),
    }
    files = {name: render(f"{name}.j2", **values) for name in ("mf_known_answer.c", "example_main.c")}
    return files | emit_interface(model, target, plan.gallery.bytes // 2)


def emit_interface(model: Model, target: Target, slot_bytes: int, accelerated: bool = False) -> dict[str, str]:
    """Return `microface.[hc]`, the same whatever runs the network; a slot of the gallery has `slot_bytes`."""
    values = {
        "model": model,
        "name": c_string(model.name),
        "licence": model.licence.replace("*/", "* /").replace("\n", " "),
        "target": target,
        "ports": Ports.of(model),
        "signature": _signature(Ports.of(model)),
        "port_layers": ", ".join(c_string(port.layer) for port in Ports.of(model).inputs),
        "light": light_of(model),
        "preparation": _PREPARATIONS[light_of(model)],
        "slot_bytes": target.gallery.seen(slot_bytes),
        "sector_bytes": target.gallery.seen(target.gallery.sector_bytes),
        "score_constant": _SCORES.get(model.score or "", ""),
        "model_id_bytes": ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(model.model_id)),
        "accelerated": accelerated,
    }
    files = {name: render(f"{name}.j2", **values) for name in ("microface.h", "microface.c")}
    return files | (people_copy(target) if model.embeds else {})


def people_copy(target: Target) -> dict[str, str]:
    """Return the file that keeps a copy of the people where `target` does not address their flash, else nothing."""
    if not target.gallery.copy_in:
        return {}
    name = "mf_people_copy.c"
    return {name: render(f"{name}.j2", target=target)}


def _signature(ports: Ports) -> str:
    """Return the parameters of `mf_infer`."""
    sides = (("const ", ports.inputs), ("", ports.outputs))
    given = [f"{how}{p.c_type} {p.variable}[{p.constant}_SIZE]" for how, each in sides for p in each]
    return ", ".join(given)


def _parts(plan: Plan, calls: Sequence[Call]) -> Iterator[dict[str, str]]:
    """Yield the rows of the known-answer test's parts, as C."""
    running, emitted, _ = _emit_calls(plan, calls)
    for step, (call, written) in enumerate(zip(running, emitted, strict=True), len(plan.input_offsets)):
        place = dict(written.members)
        for part in parts_of(call, step):
            row = {"step": str(part.step), "layer": c_string(part.layer), "table": place[part.table]}
            yield row | {"checksum": f"0x{part.checksum:08x}"}


def light_of(model: Model) -> str:
    """Return the model's light correction; one without a C kernel is a `UserError`."""
    light = model.preprocess.light if model.preprocess else "none"
    if light not in _PREPARATIONS:
        raise UserError(model.name, f"wants the light correction {light}", "firmware knows none and spread")
    return light


def sample_inputs(model: Model) -> dict[str, np.ndarray]:
    """Return the known-answer sample as the integers [1, H, W, C] of each input, drawn one behind the other."""
    sources = [model.network.tensors[name] for name in model.network.inputs]
    drawn = sample_bytes(sum(source.bytes for source in sources))
    if model.embeds:
        return {model.network.input.name: model.prepare(drawn.reshape(1, *model.network.input.shape))}
    ends = np.cumsum([source.bytes for source in sources])[:-1]
    parts = zip(sources, np.split(drawn, ends), strict=True)
    return {source.name: _integers(part, source) for source, part in parts}


def _integers(data: np.ndarray, source: Tensor) -> np.ndarray:
    """Return bytes as the integers [1, H, W, C] of `source`."""
    return data.copy().view(np.dtype(source.numpy_dtype).newbyteorder("<")).reshape(1, *source.shape)


def _checksum_lines(answer: KnownAnswer) -> str:
    texts = [f"0x{value:08x}" for value in answer.checksums]
    return "\n".join(f"    {', '.join(texts[i : i + 8])}," for i in range(0, len(texts), 8))
