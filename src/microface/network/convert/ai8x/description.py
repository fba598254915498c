"""The YAML that the vendor's synthesizer reads: what it says about arithmetic; places are found anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microface.errors import UserError
from microface.files import read_bytes
from microface.network.convert.ai8x.layer import LayerKeys

_GLOBAL = frozenset(("arch", "dataset", "layers", "output_map", "bias", "weights", "snoop"))
_RESERVED = ("input", "stop")


@dataclass(frozen=True)
class Description:
    """The architecture's name and the layers in order."""

    arch: str
    layers: tuple[LayerKeys, ...]


def read_description(path: Path) -> Description:
    """Return what the YAML at `path` says; unknown and duplicate keys are a `UserError`."""
    content = _parse(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("layers"), list) or "arch" not in content:
        raise UserError(path, "has no arch and layers", "give a network description of the vendor's synthesizer")
    if (unknown := next((key for key in content if key not in _GLOBAL), None)) is not None:
        raise UserError(path, f"has the key {unknown}, which is not read", "take it out")
    entries = content["layers"]
    names = _names(path, entries)
    layers = tuple(LayerKeys(_where(path, i), keys, path, i, names, len(entries)) for i, keys in enumerate(entries))
    for layer in layers:
        layer.check()
    return Description(str(content["arch"]), layers)


def _where(path: Path, index: int) -> str:
    return f"{path} layer {index}"


def _names(path: Path, entries: list[Any]) -> dict[str, int]:
    """Return the index of each named layer, in small letters."""
    names: dict[str, int] = {}
    for index, keys in enumerate(entries):
        if not isinstance(keys, Mapping):
            raise UserError(_where(path, index), "has no keys", "write processors, operation and the others")
        if "name" not in keys:
            continue
        name = str(keys["name"]).lower()
        if name in names or name in _RESERVED:
            raise UserError(_where(path, index), f"has the name {name}, which is taken", "give it another one")
        names[name] = index
    return names


def _parse(path: Path) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise UserError(path, "needs PyYAML to be read", "install microface[train]") from error

    class Strict(yaml.SafeLoader):  # type: ignore[misc]
        """Refuses a key that is given twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if twice := next((key for key in keys if keys.count(key) > 1), None):
                raise UserError(path, f"has the key {twice} twice", "keep one of them")
            return dict(super().construct_mapping(node, deep))

    try:
        return yaml.load(read_bytes(path), Loader=Strict)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(path, "is no YAML", "give a network description of the vendor's synthesizer") from error
