"""Whether a run can be what its settings name, asked before photos are read or other processes are started."""

from typing import Any

import torch

from microface.errors import UserError
from microface.learn import nets
from microface.learn.train.config import TrainConfig
from microface.learn.train.losses import checked_options
from microface.learn.train.schedule import size


def require_possible(config: TrainConfig) -> None:
    """Refuse a network, a resolution on the way to its own, or losses that there cannot be, by a `UserError`."""
    for name, given in config.terms.items():
        checked_options(name, {option: value for option, value in given.items() if option != "weight"})
    options = nets.options_of(nets.family(config.net, "embedding").name, config.options)
    try:
        _tried(config, options)
    except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
        what = ", ".join(f"{name}={value}" for name, value in config.options.items()) or "its options"
        told = str(error).partition("\n")[0]
        raise UserError(f"{config.net} with {what}", f"is no network ({told})", "choose larger ones") from error


def _tried(config: TrainConfig, options: Any) -> None:
    """Build the network and show it an empty crop of every size of the run."""
    shares = {share for share, _ in config.sizes}
    network = nets.build(config.net, options).eval()
    with torch.inference_mode():
        for height, width in {size(config, share, options.input_size) for share in (*shares, 1.0)}:
            network(torch.zeros(1, 3, height, width))
