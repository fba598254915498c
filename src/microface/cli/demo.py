"""`microface demo`: the main job from end to end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microface.cli.options import TargetName
from microface.console import console, table
from microface.errors import UserError
from microface.files import write_json
from microface.sizes import show_size

if TYPE_CHECKING:
    from microface.chip.targets import Target
    from microface.demo.cast import Cast
    from microface.demo.result import DemoResult
    from microface.models import ModelPackage
    from microface.network import IntegerNetwork


def demo(
    photos: Annotated[
        Path | None, typer.Option(help="Your own: a folder of photos per person; `unknown` holds strangers.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Where firmware and report go.")] = Path("build/demo"),
    model: Annotated[
        str | None, typer.Option(help="A shipped model or a .mface file; by default the shipped one for the chip.")
    ] = None,
    target: TargetName = "stm32h743zi",
    film: Annotated[
        bool, typer.Option("--film", help="Play a film to the application instead: camera frames in, lines out.")
    ] = False,
    votes: Annotated[
        bool, typer.Option("--votes", help="Measure instead what agreement across crops and frames does to strangers.")
    ] = False,
    wake: Annotated[
        str | None, typer.Option(help="With --film: a face / no-face network that looks first.", metavar="NETWORK")
    ] = None,
) -> None:
    """Enrol people from photos, build firmware, recognise visits on an emulated chip.

    Example: `microface demo --photos my-family --output build/demo`
    """
    if wake is not None and not film:
        raise UserError(f"--wake {wake}", "looks at the frames of a film", "add --film")
    if film and votes:
        raise UserError("--film and --votes", "were both given", "give one of them")
    _require_emulator()
    from microface.chip.targets import Target
    from microface.cli.networks import find_network, network_in
    from microface.demo.cast import made_up_people, people_of
    from microface.demo.choose_model import load_model
    from microface.demo.report import NOTES, write_report
    from microface.demo.run import run

    chip = Target.load(target)
    package = load_model(model, chip)
    cast = made_up_people() if photos is None else people_of(photos)
    if votes:
        _votes(cast, package, output)
        return
    if film:
        _film(cast, package, chip, output, network_in(find_network(wake)) if wake is not None else None)
        return
    result = run(cast, package, chip, output)
    write_report(result, output / "report.html")
    write_json(output / "demo.json", result.to_json())

    rows = [
        (
            "/".join(v.visit.photo.parts[-2:]),
            v.visit.person or "stranger",
            v.answer,
            v.distance,
            "" if v.right else "wrong",
        )
        for v in result.verdicts
    ]
    title = f"Visits on the emulated {result.firmware.target.title} (threshold {result.gallery.threshold:,})"
    console.print(table(title, ("photo", "shows", "chip says", "distance", ""), rows))
    for line in (*result.threshold_lines, *NOTES[:2]):
        console.print(line, style="dim", highlight=False)
    for line in _summary(result):
        console.print(line, highlight=False)
    console.print(f"report: {output / 'report.html'}", highlight=False)


def _votes(cast: "Cast", package: "ModelPackage", output: Path) -> None:
    from microface.chip.application.settings import Settings
    from microface.chip.devices.host import HostDevice
    from microface.demo.votes import rates, stranger_matches
    from microface.demo.watch import enrolled
    from microface.people.image import to_image

    device, chosen = HostDevice(package), Settings()
    device.write_gallery(to_image(enrolled(cast, package, device)))
    matches = stranger_matches(cast, device, chosen)
    found = list(rates(matches, chosen))
    shares = [(each.crop, each.frame, each.report, *each.independent) for each in found]
    rows = [
        (f"{each.threshold:,}", *(f"{100 * share:.1f} %" for share in row))
        for each, row in zip(found, shares, strict=True)
    ]
    columns = ("threshold", "a crop", "a frame", "a report", "frame, by chance", "report, by chance")
    console.print(table(f"Strangers accepted, {len(matches)} sequences of {chosen.frames} frames", columns, rows))
    write_json(output / "votes.json", {"network": package.name, "rates": [each.to_json() for each in found]})


def _film(cast: "Cast", package: "ModelPackage", target: "Target", output: Path, wake: "IntegerNetwork | None") -> None:
    from microface.demo.watch import watch

    premiere = watch(cast, package, target, output, wake)
    for line in premiere.lines:
        console.print(line, highlight=False)
    for line in premiere.costs():
        console.print(line, style="dim", highlight=False)
    console.print(f"frames with verdicts: {premiere.strip}", highlight=False)


def _summary(result: "DemoResult") -> list[str]:
    (named, known), (refused, strangers) = result.share(False), result.share(True)
    low, high = result.milliseconds
    firmware = result.firmware
    return [
        f"{named} of {known} visits of enrolled people named right, {refused} of {strangers} strangers unknown",
        f"{result.instructions:,} instructions per face (counted), {low:.0f} to {high:.0f} ms (estimated)",
        f"flash {show_size(firmware.flash_bytes)}, arena {show_size(firmware.arena_bytes)}, "
        f"stack {result.stack_bytes} B",
    ]


def _require_emulator() -> None:
    try:
        import unicorn  # noqa: F401
    except ImportError as error:
        raise UserError("the emulator", "is not installed", "run pip install 'microface[emulator]'") from error
