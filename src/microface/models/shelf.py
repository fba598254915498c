"""The shelf of shipped models, and the way from a name or file to a package or bare network."""

from pathlib import Path

from microface.errors import UserError
from microface.models.package import ModelPackage
from microface.network import IntegerNetwork, load_network

SHIPPED = Path(__file__).parent / "shipped"


def names() -> list[str]:
    """Return the names of the shipped models, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.mface"))


def path_of(name: str) -> Path:
    """Return the file of the shipped model `name`, or `name` itself where it is a file."""
    shipped = SHIPPED / f"{name}.mface"
    if shipped.exists():
        return shipped
    if Path(name).is_file():
        return Path(name)
    raise UserError(name, "is neither a shipped model nor a file", f"choose from {', '.join(names())} or give a .mface")


def load(name: str) -> ModelPackage:
    """Return the package that `name` names: a shipped model or a `.mface` file."""
    return ModelPackage.load(path_of(name))


def load_any_network(name: str) -> IntegerNetwork:
    """Return the network that `name` names: a shipped model, a `.mface` or a bare `.mfn` file."""
    path = path_of(name)
    return load_network(path) if path.suffix == ".mfn" else ModelPackage.load(path).network


def has_float_network(name: str) -> bool:
    """Say whether the float ONNX file lies beside the package that `name` names."""
    path = path_of(name)
    return path.with_name(f"{path.stem}.float.onnx").is_file()


def float_network(name: str) -> Path:
    """Return the float ONNX file beside the package that `name` names: the best network before quantisation."""
    path = path_of(name)
    beside = path.with_name(f"{path.stem}.float.onnx")
    if not beside.exists():
        raise UserError(beside, "is missing", "the float engine needs the ONNX file beside the package")
    return beside
