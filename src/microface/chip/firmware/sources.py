"""The C runtime: which of its files a firmware needs."""

from collections.abc import Sequence
from pathlib import Path

from microface.chip.plan.calls import Call

RUNTIME = Path(__file__).parent / "runtime"
PORT_OF_EMULATOR = "port_emulator.c"


def kernel_sources(calls: Sequence[Call]) -> tuple[str, ...]:
    """Return the names of the kernels' files and of the files that those share, sorted."""
    return tuple(sorted({name for call in calls for name in call.kernel.sources}))


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
