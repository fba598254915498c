"""The whole recipe: float training to E, training with the chip's rounding to N, the check that N is what ships."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from microface.chip.plan.max78000 import plan_accelerator
from microface.chip.targets import Target
from microface.console import console
from microface.errors import UserError
from microface.files import write_json
from microface.learn import nets
from microface.learn.nets.presence import PresenceOptions
from microface.learn.presence.config import PresenceConfig, load_config, save_config
from microface.learn.presence.curve import draw
from microface.learn.presence.lessons import lessons, read
from microface.learn.presence.phase import Course, Material, Phase, train
from microface.learn.quant.max78000 import FitOptions, Fitted, RoundedNetwork, differences, fit, lower
from microface.learn.quant.max78000.bits import parse_bits
from microface.learn.quant.trace import trace
from microface.learn.train import checkpoint
from microface.network import IntegerNetwork, save_network
from microface.network.facenets import FACENETS
from microface.network.inputs.fold import fold_to
from microface.network.inputs.mapping import map_bytes
from microface.photos.presence.store import open_windows

_CALIBRATED = 4
"""Batches that ranges of values are taken from."""
_CHECKED = 64
"""Windows on which every value of the rounded network is compared with the integer network's."""


@dataclass(frozen=True)
class Result:
    """The integer network and what came of either phase."""

    network: IntegerNetwork
    history: list[dict[str, float]]
    e: int
    n: int


def run(config: PresenceConfig, folder: Path, init: Path | None = None) -> Result:
    """Train by `config`; leave network.mfn, float.pt, config.json, history.json and curve.png in `folder`.

    With `init`, a folder of a run of the same network, its float weights at E are taken instead of a float phase. A run
    that was cut off goes on from its last epoch.
    """
    _require_free(config, folder)
    torch.manual_seed(config.seed)
    options: PresenceOptions = nets.options_of(nets.family(config.net, "presence").name, config.options)
    channels, rows, columns = options.input_shape
    splits = open_windows(Path(config.data))
    material = Material(splits["train"], splits["validation"], (rows, columns, channels))
    save_config(config, folder / "config.json")
    network = nets.build(config.net, options)
    floating = _floating(network, material, config, folder, init)
    console.print(f"E = {floating.epoch}: from here on with the rounding of the chip", highlight=False)
    rounded = RoundedNetwork(_fitted(network, material, config))
    first, save = floating.epoch + 1, folder / "rounded-phase.pt"
    course = Course(first, first + config.rounded_epochs, config.rate * config.rate_share, save)
    final = train(rounded, material, config, course)
    history = [*floating.history, *final.history]
    result = Result(_verified(rounded, material, config.net), history, floating.epoch, final.epoch)
    _save(result, folder)
    return result


def _require_free(config: PresenceConfig, folder: Path) -> None:
    """Refuse a folder with a finished run or one of other settings."""
    if (folder / "network.mfn").exists():
        raise UserError(folder, "already holds a finished run", "choose another --output")
    saved = folder / "config.json"
    if saved.exists() and load_config(saved) != config:
        raise UserError(folder, "holds a run with other settings", "use those of its config.json, or another --output")


def _floating(network: nn.Module, material: Material, config: PresenceConfig, folder: Path, init: Path | None) -> Phase:
    """Bring `network` to its best float weights, trained here or by the run in `init`, and save them."""
    if init is not None:
        phase = _taken(network, config, init)
    else:
        phase = train(network, material, config, Course(0, config.epochs, config.rate, folder / "float-phase.pt"))
    kept = {"network": phase.best, "epoch": phase.epoch, "history": phase.history}
    checkpoint.save(folder / "float.pt", kept)
    return phase


def _taken(network: nn.Module, config: PresenceConfig, init: Path) -> Phase:
    other, content = load_config(init / "config.json"), checkpoint.load(init / "float.pt")
    if other.data != config.data:
        raise UserError(init, "was trained on other windows", "give a run on the same --data")
    try:
        network.load_state_dict(content["network"])
    except RuntimeError as error:
        raise UserError(init, f"holds no weights of {config.net}", "give a run of the same network") from error
    return Phase(content["network"], content["epoch"], history=content["history"])


def _fitted(network: nn.Module, material: Material, config: PresenceConfig) -> Fitted:
    """Return the float network calibrated for the chip; one that the chip cannot hold is refused."""
    rows, columns, channels = material.shape
    graph = trace(network, (rows, columns), config.net, channels)
    published = FACENETS.get(config.net)
    bits = parse_bits(config.bits or (str(published.bits if published else 8),), graph)
    batches = [read(crops, material.shape) for crops, _ in _first(lessons(material.training, config, 0))]
    fitted = fit(graph, batches, FitOptions(bits=bits, wide=True, mend=published is None, equalise=True))
    plan_accelerator(lower(fitted), Target.load("max78000"))
    return fitted


def _first(several: Any) -> list[Any]:
    return [each for _, each in zip(range(_CALIBRATED), several, strict=False)]


def _verified(rounded: RoundedNetwork, material: Material, name: str) -> IntegerNetwork:
    """Return the integer network of `rounded` after comparing: every value, and the classes that training saw."""
    fitted = rounded.result()
    network = lower(fitted)
    crops = material.validation.crops[np.linspace(0, len(material.validation) - 1, _CHECKED).astype(int)]
    x = map_bytes(fold_to(crops, material.shape))
    if wrong := differences(network, fitted, x):
        raise AssertionError(f"{name}: {wrong} integers differ from the simulation")
    with torch.inference_mode():
        trained = rounded.eval()(torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128).numpy()
    if not np.array_equal(trained, network.output.dequantise(network.run(x))[:, 0, 0].astype(np.float32)):
        raise AssertionError(f"{name}: the integer network gives other results than in training")
    console.print(f"quantised = training on every value of {len(x)} windows", highlight=False)
    return network


def _save(result: Result, folder: Path) -> None:
    write_json(folder / "history.json", {"e": result.e, "n": result.n, "epochs": result.history})
    draw(result.history, result.e, result.n, folder / "curve.png")
    save_network(result.network, folder / "network.mfn")
    for phase in ("float", "rounded"):
        (folder / f"{phase}-phase.pt").unlink(missing_ok=True)
