"""`microface targets`: the chips with their memories, clock and rules."""

from microface.chip.targets import Target
from microface.cli.options import JsonFile, save_json
from microface.console import console, table
from microface.sizes import show_size


def targets(json: JsonFile = None) -> None:
    """List the chips that firmware can be built for.

    Example: `microface targets --json targets.json`
    """
    chips = [Target.load(name) for name in Target.names()]
    columns = ("target", "chip", "flash", "RAM", "fast kernels")
    console.print(table("Targets", columns, map(_row, chips), whole=1))
    save_json(json, [chip.model_dump(mode="json") for chip in chips])


def _row(chip: Target) -> tuple[str, ...]:
    sizes = [
        sum(m.bytes for m in chip.memories if m.kind in kinds and m.mapped) if chip.kind != "host" else 0
        for kinds in (("flash", "external"), ("ram", "code"))
    ]
    memory = [show_size(size) if size else "-" for size in sizes]
    return (chip.name, chip.title, *memory, " ".join(sorted(chip.features)) or "portable C")
