"""The film on the emulated chip: people enrolled, firmware with the application, lines, cost, the strip of frames."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microface.chip.application.device import EmulatedApplication
from microface.chip.application.machine import State
from microface.chip.application.settings import Settings
from microface.chip.devices.device import Device
from microface.chip.firmware.build import Options
from microface.chip.firmware.make import make_firmware
from microface.chip.targets import Target
from microface.demo.cast import Cast
from microface.demo.film import Shown, film, play
from microface.demo.strip import write_strip
from microface.files import write_text
from microface.models import ModelPackage
from microface.network import IntegerNetwork
from microface.people.enrol import enrol, look_at_all, new_gallery
from microface.people.faces import photo_looker
from microface.people.gallery import Gallery
from microface.people.image import to_image
from microface.people.threshold import with_rate


@dataclass(frozen=True)
class Cost:
    """What one frame took: `crops` recognised, instructions counted, milliseconds estimated, bytes of stack."""

    crops: int
    instructions: int
    milliseconds: tuple[float, float]
    stack_bytes: int


@dataclass(frozen=True)
class Premiere:
    """A film that was played: `lines` of the serial port, every frame with its state and its cost, the picture."""

    lines: tuple[str, ...]
    shown: tuple[Shown, ...]
    cost: tuple[Cost, ...]
    strip: Path

    def costs(self) -> list[str]:
        """Return the dearest frame of each number of crops, as sentences."""
        dearest = {each.crops: each for each in sorted(self.cost, key=lambda each: each.instructions)}
        return [_sentence(dearest[crops]) for crops in sorted(dearest)]


def watch(
    cast: Cast, package: ModelPackage, target: Target, output: Path, wake: IntegerNetwork | None = None
) -> Premiere:
    """Enrol the people of `cast`, build firmware in `output`, play the film on the emulated chip.

    `wake` is a face / no-face network that looks at each frame first. Leaves `strip.png` and `lines.txt` in `output`.
    """
    chosen = Settings()
    chip = EmulatedApplication(
        make_firmware(package, target, output / "firmware", Options(application=chosen, wake=wake))
    )
    gallery = enrolled(cast, package, chip)
    chip.write_gallery(to_image(gallery))
    cost: list[Cost] = []
    shown = play(film(cast), lambda picture: _show(chip, picture, cost), lambda: chip.lines)
    strip = output / "strip.png"
    write_strip(shown, chosen.rectangles(package.preprocess)[0], gallery.names, strip)
    write_text(output / "lines.txt", "".join(f"{line}\n" for line in chip.lines))
    return Premiere(tuple(chip.lines), tuple(shown), tuple(cost), strip)


def enrolled(cast: Cast, package: ModelPackage, chip: Device) -> Gallery:
    """Return the people of `cast` enrolled on `chip`, with the threshold of the usual rate."""
    looks = look_at_all(cast.enrolled, photo_looker(package.preprocess))
    people = new_gallery(package.name, package.model_id, package.embedding_size, enrol(looks, chip).people)
    return with_rate(package, people)[0]


def _show(chip: EmulatedApplication, picture: np.ndarray, cost: list[Cost]) -> State:
    report = chip.frame(picture)
    milliseconds = chip.milliseconds()
    state = chip.state
    cost.append(Cost(state.crops_seen, report.instructions, milliseconds, report.stack_bytes))
    return state


def _sentence(cost: Cost) -> str:
    low, high = cost.milliseconds
    crops = "1 crop" if cost.crops == 1 else f"{cost.crops} crops" if cost.crops else "nobody"
    return (
        f"frame to verdict, {crops}: {cost.instructions:,} instructions (counted), "
        f"{low:.1f} to {high:.1f} ms (estimate), stack {cost.stack_bytes:,} B{_rate(cost)}"
    )


def _rate(cost: Cost) -> str:
    low, high = (1000 * cost.crops / each for each in reversed(cost.milliseconds))
    return f", {low:.0f} to {high:.0f} crops a second" if cost.crops else ""
