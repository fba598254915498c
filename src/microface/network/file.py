"""Integer networks on disk: a checksummed container with one entry per operator and its arrays."""

import hashlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from microface.errors import DamagedFileError, UserError
from microface.files import Container, read_container, write_bytes
from microface.network.network import IntegerNetwork
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
        if isinstance(value, np.ndarray):
            arrays[f"{prefix}.{field.name}"] = value
        elif isinstance(value, Requantise):
            plain[field.name] = {"kind": value.kind, **_split(value, f"{prefix}.{field.name}", arrays)}
        else:
            plain[field.name] = value
    return plain


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
    values: dict[str, Any] = {}
    for field in fields(kind):
        if f"{prefix}.{field.name}" in arrays:
            values[field.name] = arrays[f"{prefix}.{field.name}"]
        elif isinstance(entry.get(field.name), dict):
            inner = dict(entry[field.name])
            rule = REQUANTISE_KINDS[inner.pop("kind")]
            values[field.name] = _join(rule, inner, f"{prefix}.{field.name}", arrays)
        else:
            value = entry[field.name]
            values[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
