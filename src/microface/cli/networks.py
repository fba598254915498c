"""From the name on a command line to a network: shipped, a file, or the network of the figures."""

from pathlib import Path

from microface.models import ModelPackage, load, load_any_network
from microface.network import IntegerNetwork
from microface.network.anchor import anchor_network

ANCHOR = "anchor"


def find_network(name: str) -> ModelPackage | IntegerNetwork:
    """Return the package or bare network that `name` names; `anchor` is the network of the published figures."""
    if name == ANCHOR:
        return anchor_network()
    return load_any_network(name) if Path(name).suffix == ".mfn" else load(name)


def network_in(source: ModelPackage | IntegerNetwork) -> IntegerNetwork:
    """Return the integer network of `source`."""
    return source.network if isinstance(source, ModelPackage) else source
