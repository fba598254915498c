"""From the name on a command line to a network: shipped, a file, an architecture, or the network of the figures."""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from microface.chip.plan.alternatives import Candidates
from microface.console import console
from microface.errors import UserError
from microface.models import ModelPackage, load, load_any_network, names
from microface.models.presence import load_presence, presence_names
from microface.network import IntegerNetwork
from microface.network.anchor import anchor_network
from microface.network.convert import FOREIGN, read_foreign
from microface.network.facenets import PUBLISHED, published

ANCHOR = "anchor"


def find_network(name: str) -> ModelPackage | IntegerNetwork:
    """Return the package or bare network that `name` names.

    A shipped model or face / no-face network, a .mface, .mfn, .tflite or .onnx file, a network of published figures
    with drawn weights (`anchor`, `facenet_v1`, `ai85faceidnet`), or an untrained architecture with options such as
    `mobilenet_v2:width=0.35,resolution=96`, which needs torch.
    """
    if name == ANCHOR:
        return anchor_network()
    if Path(name).suffix.lower() in FOREIGN:
        return read_foreign(Path(name))
    if name in presence_names():
        return load_presence(name).network
    if name in PUBLISHED and name not in names():
        return published(name)
    if name in names() or Path(name).exists():
        return load_any_network(name) if Path(name).suffix == ".mfn" else load(name)
    family, _, options = name.partition(":")
    if family in (*_families(), *_families("presence")):
        return untrained(family, options)
    known = ", ".join(dict.fromkeys((*names(), *presence_names(), *PUBLISHED, ANCHOR, *_families())))
    raise UserError(name, "is neither a network that is known nor a file", f"choose from {known} or give a file")


def warn_drawn(name: str) -> None:
    """Say where the weights of the network `name` are none that were trained."""
    if name in names() or name in presence_names() or Path(name).exists():
        return
    family = name.partition(":")[0]
    if name in (*PUBLISHED, ANCHOR) or family in (*_families(), *_families("presence")):
        console.print(f"{name}: weights are drawn, not trained: right for sizes and times only", style="yellow")


def network_in(source: ModelPackage | IntegerNetwork) -> IntegerNetwork:
    """Return the integer network of `source`."""
    return source.network if isinstance(source, ModelPackage) else source


def _families(task: Literal["embedding", "presence"] = "embedding") -> tuple[str, ...]:
    """Return the names of the architectures for `task`; none where torch is not installed."""
    try:
        from microface.learn import nets
    except ImportError:
        return ()
    return nets.names(task)


def families() -> Candidates:
    """Return every architecture of embeddings with its usual options; none where torch is not installed."""
    return {family: partial(untrained, family, "") for family in _families()}


def untrained(family: str, options: str) -> IntegerNetwork:
    """Return an architecture with the weights it starts from: right for sizes and costs, useless for faces.

    Face / no-face networks are lowered for the accelerator, the others for processors.
    """
    import torch

    from microface.learn import nets
    from microface.learn.quant.calibrate import observe, quantisations
    from microface.learn.quant.lower import lower
    from microface.learn.quant.max78000 import FitOptions, fit
    from microface.learn.quant.max78000 import lower as lower_for_accelerator
    from microface.learn.quant.trace import trace

    chosen = nets.options_of(family, _options(options))
    torch.manual_seed(0)
    channels, *size = chosen.input_shape
    graph = trace(nets.build(family, chosen).eval(), (size[0], size[1]), f"{family}_untrained", channels)
    noise = np.random.default_rng(0).integers(-128, 128, (4, channels, *size))
    inputs = [torch.from_numpy(noise / 128).float()]
    if nets.family(family).task == "presence":
        return lower_for_accelerator(fit(graph, inputs, FitOptions(mend=False, wide=True)))
    return lower(graph, quantisations(graph, observe(graph, inputs)))


def network_options(text: str) -> tuple[str, Any]:
    """Return the family and the options that `text` names: `mobilenet_v2:width=0.35,resolution=96`."""
    from microface.learn import nets

    family, _, options = text.partition(":")
    return family, nets.options_of(family, _options(options))


def _options(text: str) -> dict[str, Any]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    for option, _, value in pairs:
        if not value:
            raise UserError(option, "has no value", "write for example mobilenet_v2:width=0.35,resolution=96")
    return {option: value for option, _, value in pairs}
