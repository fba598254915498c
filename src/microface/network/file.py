"""Integer networks on disk: a checksummed container with one entry per operator and its arrays.

A keyword-only field that holds its default is left out, so that a new one changes no older network's digest. Weights of
4 bits are packed two per byte; their shape stands in the entry as `weights_shape`.
"""

import hashlib
from dataclasses import Field, asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import Container, read_container, write_bytes
from microface.network.network import IntegerNetwork
from microface.network.nibbles import pack_nibbles, unpack_nibbles
from microface.network.ops import KINDS, Operator
from microface.network.requantise import KINDS as REQUANTISE_KINDS
from microface.network.requantise import Requantise
from microface.network.tensors import Tensor

KIND = "integer network"


def save_network(network: IntegerNetwork, path: Path) -> None:
    """Write `network` to `path`, wholly or not at all."""
    write_bytes(path, network_to_container(network).to_bytes())


def load_network(path: Path) -> IntegerNetwork:
    """Read the network at `path`; a damaged or foreign file is a `DamagedFileError`."""
    return network_from_container(read_container(path, KIND), path)


def digest(network: IntegerNetwork) -> str:
    """Return SHA-256, hexadecimal, over `network` as written to a file: the same network has the same digest."""
    return hashlib.sha256(network_to_container(network).to_bytes()).hexdigest()


def network_to_container(network: IntegerNetwork) -> Container:
    """Return `network` as a container."""
    arrays: dict[str, np.ndarray] = {}
    content = {
        "name": network.name,
        "inputs": network.inputs,
        "outputs": network.outputs,
        "tensors": [asdict(tensor) for tensor in network.tensors.values()],
        "operators": [
            {"kind": operator.kind, **_split(operator, f"{position:03d}", arrays)}
            for position, operator in enumerate(network.operators)
        ],
    }
    return Container(KIND, content, arrays)


def _split(record: Operator | Requantise, prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the JSON-able fields of `record`; its arrays go to `arrays` under `prefix.field`."""
    plain: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if _left_out(field, value):
            continue
        if field.name == "weights" and getattr(record, "weight_bits", 8) == 4:
            arrays[f"{prefix}.weights"] = pack_nibbles(value)
            plain["weights_shape"] = list(value.shape)
        elif isinstance(value, np.ndarray):
            arrays[f"{prefix}.{field.name}"] = value
        elif isinstance(value, Requantise):
            plain[field.name] = {"kind": value.kind, **_split(value, f"{prefix}.{field.name}", arrays)}
        else:
            plain[field.name] = value
    return plain


def _left_out(field: Field[Any], value: object) -> bool:
    return bool(field.kw_only and not isinstance(value, np.ndarray) and value == field.default)


def network_from_container(container: Container, path: Path) -> IntegerNetwork:
    """Return the network in `container`; `path` names it in errors."""
    content = container.content
    try:
        tensors = [Tensor(**{**entry, "shape": tuple(entry["shape"])}) for entry in content["tensors"]]
        operators = tuple(
            _join(KINDS[entry.pop("kind")], entry, f"{position:03d}", container.arrays)
            for position, entry in enumerate(dict(entry) for entry in content["operators"])
        )
        names = tuple(content["inputs"]), tuple(content["outputs"])
        return IntegerNetwork(content["name"], {t.name: t for t in tensors}, operators, *names)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(path, f"holds an unknown network ({error})", "use the release that wrote it") from error
    except UserError as error:
        raise DamagedFileError(path, f"holds a wrong network: {error}", "make it again") from error


def _join(kind: type[Any], entry: dict[str, Any], prefix: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return the record of `kind` from its plain fields `entry` and its arrays under `prefix`."""
    stored = [
        field
        for field in fields(kind)
        if not field.kw_only or field.name in entry or f"{prefix}.{field.name}" in arrays
    ]
    return kind(**{field.name: _value(field.name, entry, f"{prefix}.{field.name}", arrays) for field in stored})


def _value(name: str, entry: dict[str, Any], place: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return the field `name` of an operator or rule, whose array, if it is one, is `arrays[place]`."""
    if place in arrays:
        shape = entry.get(f"{name}_shape")
        return arrays[place] if shape is None else unpack_nibbles(arrays[place], tuple(shape))
    value = entry[name]
    if isinstance(value, dict):
        inner = dict(value)
        return _join(REQUANTISE_KINDS[inner.pop("kind")], inner, place, arrays)
    return tuple(value) if isinstance(value, list) else value
