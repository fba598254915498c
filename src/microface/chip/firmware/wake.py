"""A second network in firmware: it looks for a face before the first one recognises it. Its C lies in `wake/`.

Both networks are made from the same sources and templates, so the second one's names are changed by a header that its
compilation begins with.
"""

import re
from pathlib import Path

from microface import __version__
from microface.chip.application.wake import fold_of
from microface.chip.firmware.emit import emit_network
from microface.chip.firmware.model import Model
from microface.chip.firmware.ports import output_type
from microface.chip.firmware.render import render
from microface.chip.firmware.sources import kernel_sources
from microface.chip.plan import plan
from microface.chip.plan.calls import Choose, list_calls
from microface.chip.targets import Target
from microface.files import write_text
from microface.network import IntegerNetwork, save_network

FOLDER = "wake"
MODEL_FILE = f"{FOLDER}/model.mfn"
NAMES = "names.h"
_OF_NETWORK = (
    "mf_network_input",
    "mf_network_output",
    "mf_network_run",
    "mf_network_run_observed",
    "mf_network_layers",
)


def names_header(symbols: tuple[str, ...], number: int = 1) -> str:
    """Return the header that gives `symbols` names of their own."""
    lines = ["/* The names of the second network: made by microface. */", f"#define ACCELERATOR_NUMBER {number}"]
    return "\n".join([*lines, *(f"#define {symbol} wake_{symbol}" for symbol in symbols)]) + "\n"


def wake_header(network: IntegerNetwork) -> str:
    """Return `wake.h`."""
    values = {"network": network, "fold": fold_of(network), "output_type": output_type(Model.of(network))}
    return render("wake.h.j2", version=__version__, **values)


def write_wake(folder: Path, network: IntegerNetwork, target: Target, choose: Choose) -> tuple[str, ...]:
    """Write `network` as C for a processor to `folder`/wake; return the names of the runtime's files it needs."""
    model = Model.of(network).on_processor
    calls = list_calls(model.network, target.features, choose)
    files = emit_network(model, plan(model.network, target, choose=choose), calls, target)
    tables = re.findall(r"^extern const \S+ (\w+)\[", files["mf_tables.h"], re.MULTILINE)
    files |= {"wake.h": wake_header(network), "wake.c": render("wake_processor.c.j2")}
    files[NAMES] = names_header((*_OF_NETWORK, *tables))
    for name, text in files.items():
        write_text(folder / FOLDER / name, text)
    save_network(network, folder / MODEL_FILE)
    return kernel_sources(calls)
