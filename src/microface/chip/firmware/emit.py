"""The C of a model on a target: every generated file as text, from templates. Equal inputs give equal text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from microface.chip.firmware.known_answer import SEED, KnownAnswer, known_answer, parts_of, sample_bytes
from microface.chip.firmware.model import Model
from microface.chip.firmware.render import render
from microface.chip.firmware.tables import Table, c_names, c_string
from microface.chip.plan import Plan, Step
from microface.chip.plan.calls import Call
from microface.chip.plan.planner import arena_alignment
from microface.chip.targets import Target
from microface.errors import UserError

_SCORES = {"l1": "MF_SCORE_L1", "l2": "MF_SCORE_L2", "l2norm": "MF_SCORE_L2NORM", "cosine": "MF_SCORE_COSINE"}
_PREPARATIONS = {"none": "byte - 128", "spread": "light corrected (spread), then byte - 128"}
_TYPES = {"s8": "int8_t", "s16": "int16_t", "s32": "int32_t"}


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


@dataclass
class Tables:
    """Collects constant tables; two of the same type and bytes are one."""

    tables: list[Table] = field(default_factory=list)
    names: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def add(self, name: str, values: np.ndarray) -> str:
        """Return the name of the table that holds `values`; a new one is called `name`."""
        key = values.dtype.str, values.tobytes()
        if key not in self.names:
            self.names[key] = name
            self.tables.append(Table(name, values))
        return self.names[key]


def emit_network(model: Model, plan: Plan, calls: Sequence[Call], target: Target) -> dict[str, str]:
    """Return the files of the network alone: `mf_network.[hc]` and `mf_tables.[hc]`."""
    running, emitted, tables = _emit_calls(plan, calls)
    values = {
        "model": model,
        "plan": plan,
        "input": model.network.input,
        "output": model.network.output,
        "input_type": input_type(model),
        "output_type": output_type(model),
        "layers": [c_string("input"), *(c_string(call.label) for call in running)],
        "headers": sorted({call.kernel.header for call in running}),
        "arena_alignment": arena_alignment(target),
        "accessors": [(name, c_type) for name, c_type in _TYPES.items() if f"{name}(" in _arguments(emitted)],
        "calls": emitted,
        "tables": tables,
    }
    return {name: render(f"{name}.j2", **values) for name in _NETWORK_FILES}


_NETWORK_FILES = ("mf_network.h", "mf_network.c", "mf_tables.h", "mf_tables.c")


def _emit_calls(plan: Plan, calls: Sequence[Call]) -> tuple[list[Call], list[EmittedCall], list[Table]]:
    """Return the calls that have code, the same as C, and their tables."""
    tables, c_name = Tables(), c_names(call.name for call in calls)
    pairs = [(call, step) for call, step in zip(calls, plan.steps, strict=True) if step.function]
    emitted = [_emit_call(call, step, c_name[call.name], tables) for call, step in pairs]
    return [call for call, _ in pairs], emitted, tables.tables


def output_type(model: Model) -> str:
    """Return the C type of the output's values; a network that firmware cannot carry is a `UserError`."""
    before, after = model.network.input.dtype, model.network.output.dtype
    if before not in ("s8", "s16") or after not in _TYPES or (model.embeds and (before, after) != ("s8", "s8")):
        what = "s8 and gives s8" if model.embeds else "s8 or s16 and gives s8, s16 or s32"
        raise UserError(f"network {model.name}", f"takes {before} and gives {after}", f"firmware takes {what}")
    return _TYPES[after]


def input_type(model: Model) -> str:
    """Return the C type of the input's values."""
    return _TYPES[model.network.input.dtype]


def _arguments(emitted: Sequence[EmittedCall]) -> str:
    """Return the arguments of all calls, as C."""
    return " ".join(argument for call in emitted for argument in call.arguments)


def _emit_call(call: Call, step: Step, c_name: str, tables: Tables) -> EmittedCall:
    fields = call.kernel.fields(call.first, call.network)
    packed = call.kernel.pack(call.first, call.network)
    members = [(member, str(value)) for member, value in fields.items()]
    members += [(member, tables.add(f"mf_{c_name}_{member}", values)) for member, values in packed.items()]
    places = zip((*call.inputs, call.output), (*step.inputs, step.output), strict=True)
    arguments = [_pointer(call, tensor, offset) for tensor, offset in places]
    arguments.append("0" if step.scratch is None else f"arena + {step.scratch}")
    comment = f"{call.label}: {_describe(call)}, {step.macs:,} multiply-accumulates".replace("*/", "* /")
    written = step.output, step.output_bytes
    return EmittedCall(step.function, c_name, comment, tuple(members), tuple(arguments), *written)


def _pointer(call: Call, tensor: str, offset: int) -> str:
    return f"{call.network.tensors[tensor].dtype}({offset})"


def _describe(call: Call) -> str:
    tensors = call.network.tensors
    source, result = tensors[call.inputs[0]].shape, tensors[call.output].shape
    kinds = " + ".join(operator.kind for operator in call.operators)
    return f"{kinds} {'x'.join(map(str, source))} -> {'x'.join(map(str, result))}"


def emit_application(model: Model, plan: Plan, calls: Sequence[Call], target: Target) -> dict[str, str]:
    """Return what stands round the network: `microface.[hc]`, the known-answer test, an example, CMakeLists.txt."""
    answer = known_answer(model.network, calls, sample_input(model))
    values = {
        "model": model,
        "input": model.network.input,
        "seed": SEED,
        "checksums": _checksum_lines(answer),
        "parts": list(_parts(plan, calls)),
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
        "output": model.network.output,
        "light": light_of(model),
        "preparation": _PREPARATIONS[light_of(model)],
        "slot_bytes": slot_bytes,
        "score_constant": _SCORES.get(model.score or "", ""),
        "model_id_bytes": ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(model.model_id)),
        "accelerated": accelerated,
    }
    return {name: render(f"{name}.j2", **values) for name in ("microface.h", "microface.c")}


def _parts(plan: Plan, calls: Sequence[Call]) -> Iterator[dict[str, str]]:
    """Yield the rows of the known-answer test's parts, as C."""
    running, emitted, _ = _emit_calls(plan, calls)
    for step, (call, written) in enumerate(zip(running, emitted, strict=True), 1):
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


def sample_input(model: Model) -> np.ndarray:
    """Return the known-answer sample as the network's input integers [H, W, C]."""
    source = model.network.input
    drawn = sample_bytes(source.bytes)
    if model.embeds:
        return model.prepare(drawn.reshape(1, *source.shape))[0]
    return drawn.view(np.dtype(source.numpy_dtype).newbyteorder("<")).reshape(source.shape)


def _checksum_lines(answer: KnownAnswer) -> str:
    texts = [f"0x{value:08x}" for value in answer.checksums]
    return "\n".join(f"    {', '.join(texts[i : i + 8])}," for i in range(0, len(texts), 8))
