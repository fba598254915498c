"""Random small TFLite files, every tensor compared with LiteRT's reference kernels.

PYTHONPATH=tests python tests/network/tflite/thousand.py

Each operator gets `FILES` files, and more until each of its options has occurred in `LEAST` of all files.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from random_draft import Draft
from random_files import NAMES, draft_of

from litert import differing, reference, signed
from microface.network.convert.tflite import Imported, import_tflite
from microface.network.convert.tflite.write import model_bytes

FILES, LEAST, MOST = 24, 20, 400


@dataclass
class Coverage:
    """How many files and tensors were equal, how often each option occurred, and what was not equal."""

    files: Counter[str] = field(default_factory=Counter)
    tensors: int = 0
    options: Counter[str] = field(default_factory=Counter)
    of: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, seed: int, folder: Path) -> None:
        """Compare the file `seed` of the operator `name`; one that LiteRT refuses does not count."""
        draft, path = draft_of(name, seed), folder / "random.tflite"
        path.write_bytes(model_bytes(draft.model()))
        theirs = expected(path, draft)
        if theirs is None:
            return
        imported = import_tflite(path)
        unlike = differing(imported, computed(imported, theirs), theirs)
        if unlike:
            self.wrong.append(f"{name} {seed}: {unlike} with {draft.options}")
        used = set(draft.options)
        self.files[name] += 1
        self.tensors += len(imported.names)
        self.options.update(used)
        self.of.setdefault(name, set()).update(used)

    def lacks(self, name: str) -> bool:
        """Say whether the operator or one of its options is in too few files."""
        options = self.of.get(name, set())
        return self.files[name] < LEAST or any(self.options[option] < LEAST for option in options)


def expected(path: Path, draft: Draft) -> dict[int, np.ndarray] | None:
    """Return every tensor by LiteRT, None where it refuses the file, as it does where a bias may overflow."""
    try:
        return reference(path, draft.values())
    except RuntimeError:
        return None


def computed(imported: Imported, theirs: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Return every tensor by our integer network for the inputs that LiteRT had."""
    network = imported.network
    numbers = {name: number for number, name in imported.names.items() if theirs[number].dtype != np.float32}
    given = {name: signed(theirs[numbers[name]]) for name in network.inputs}
    return dict(network.steps_of({name: x.reshape(1, *network.tensors[name].shape) for name, x in given.items()}))


def cover(folder: Path) -> Coverage:
    """Return the coverage of files drawn until it is complete."""
    coverage = Coverage()
    for name in NAMES:
        for seed in range(FILES):
            coverage.add(name, seed, folder)
    for name, seed in _more(coverage):
        coverage.add(name, seed, folder)
    return coverage


def _more(coverage: Coverage) -> Iterator[tuple[str, int]]:
    for seed in range(FILES, MOST):
        yield from ((name, seed) for name in NAMES if coverage.lacks(name))


def table(coverage: Coverage) -> str:
    """Return the coverage as Markdown."""
    rows = [f"{sum(coverage.files.values()):,} files, {coverage.tensors:,} tensors, {len(coverage.wrong)} differ.", ""]
    rows += ["| option | files |", "|---|---|"]
    grouped: dict[str, list[str]] = {}
    for option, count in sorted(coverage.options.items()):
        what, _, value = option.partition("=")
        grouped.setdefault(what, []).append(f"{value} {count}")
    rows += [f"| {what} | {', '.join(values)} |" for what, values in grouped.items()]
    rows += ["", "| operator | files |", "|---|---|"]
    return "\n".join([*rows, *(f"| {name} | {count} |" for name, count in coverage.files.items())])


def main() -> int:
    """Print the coverage; 1 where a tensor differs or something is in too few files."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        coverage = cover(Path(folder))
    print(table(coverage), *coverage.wrong, sep="\n")
    return int(bool(coverage.wrong) or any(coverage.lacks(name) for name in NAMES))


if __name__ == "__main__":
    sys.exit(main())
