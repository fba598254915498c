"""The C runtime: which of its files a firmware needs."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from microface.chip.plan.calls import Call
from microface.chip.targets import Target
from microface.files import write_text

RUNTIME = Path(__file__).parent / "runtime"
_PORT_OF_EMULATOR = "port_emulator.c"
_PORT_OF_EXTERNAL_FLASH = "port_emulator_flash.c"


def kernel_sources(calls: Sequence[Call]) -> tuple[str, ...]:
    """Return the names of the kernels' files and of the files that those share, sorted."""
    return tuple(sorted({name for call in calls for name in call.kernel.sources}))


def port_of_emulator(target: Target) -> str:
    """Return the name of the file that stands for the drivers of `target` on the emulated chip."""
    return _PORT_OF_EXTERNAL_FLASH if target.gallery.copy_in else _PORT_OF_EMULATOR


def people_sources() -> tuple[str, ...]:
    """Return the names of the files of crop, scores and gallery, sorted."""
    found = (path.name for pattern in _PEOPLE for path in RUNTIME.glob(pattern))
    return tuple(sorted({*found}))


_PEOPLE = (
    "mf_map_bytes_s8.c", "mf_light*.c",
    "mf_gallery*.c", "mf_match_s8.c", "mf_score_*_s8.c", "mf_distance_s8.c", "mf_isqrt.c", "mf_norm_s8.c",
)  # fmt: skip


def headers() -> tuple[str, ...]:
    """Return the names of all headers, sorted."""
    return tuple(sorted(path.name for path in RUNTIME.glob("*.h")))


def copy_headers(folder: Path) -> None:
    """Write to `folder`/runtime the headers that the C files anywhere in `folder` include, and those that these do."""
    sources = [path for ending in ("c", "h") for path in folder.rglob(f"*.{ending}")]
    wanted = _included(path.read_text(encoding="utf-8") for path in sources)
    copied: set[str] = set()
    while missing := wanted - copied:
        texts = {name: (RUNTIME / name).read_text(encoding="utf-8") for name in missing}
        for name, text in texts.items():
            write_text(folder / "runtime" / name, text)
        copied |= missing
        wanted |= _included(texts.values())


def _included(texts: Iterable[str]) -> set[str]:
    """Return the runtime's headers that C `texts` include; those of a network's own lie beside it."""
    found = {name for text in texts for name in _INCLUDE.findall(text)}
    return found & set(headers())


_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
