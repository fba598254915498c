"""The gallery as a noun, as files, as an image and as C."""

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microface.chip.firmware.toolchain import zig_command
from microface.errors import DamagedFileError, UserError
from microface.people.gallery import Gallery, Person, check_name
from microface.people.header import embeddings_header
from microface.people.image import from_image, image_size, people_that_fit, require_fit, to_image

Galleries = Callable[..., Gallery]


def same(a: Gallery, b: Gallery) -> bool:
    keys = ("model", "model_id", "dimensions", "threshold", "names", "photos")
    return all(getattr(a, k) == getattr(b, k) for k in keys) and np.array_equal(a.templates, b.templates)


def test_a_file_gives_the_gallery_back_to_its_owner_alone(galleries: Galleries, tmp_path: Path) -> None:
    path = tmp_path / "people.mfgallery"
    galleries().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert same(Gallery.load(path), galleries()) and Gallery.load(path).rate == 0.001
    Gallery("m", "ab" * 32, 8).save(path)
    assert len(Gallery.load(path)) == 0


def test_a_flipped_byte_in_the_file_is_found(galleries: Galleries, tmp_path: Path) -> None:
    path = tmp_path / "people.mfgallery"
    galleries().save(path)
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match="damaged"):
        Gallery.load(path)


def test_adding_removing_renaming(galleries: Galleries) -> None:
    gallery = galleries()
    more = gallery.add(Person("Frida", np.zeros((1, 8), np.int8)))
    assert more.names == ("Ada", "Björk", "Çelik", "Frida") and more.photos == (2, 1, 3, 1)
    assert same(more.remove("Frida"), gallery)
    assert gallery.rename("Björk", "B").names == ("Ada", "B", "Çelik")
    with pytest.raises(UserError, match="Frida: is not enrolled"):
        gallery.remove("Frida")
    with pytest.raises(UserError, match="enrolled twice"):
        gallery.rename("Björk", "Ada")


@pytest.mark.parametrize("name", ["", " Ada", "a\nb", "\0", "ü" * 30])
def test_names_that_a_chip_cannot_hold(name: str) -> None:
    with pytest.raises(UserError):
        check_name(name)


def test_the_longest_name_is_kept(galleries: Galleries) -> None:
    gallery = galleries().rename("Ada", "ü" * 29 + "u")
    assert same(from_image(to_image(gallery), Path("x"), "some model"), gallery)


def test_an_image_gives_the_gallery_back(galleries: Galleries) -> None:
    gallery = galleries()
    image = to_image(gallery)
    assert len(image) == image_size(3, 6, 8) == 64 + 16 + 3 * 64 + 6 * 8
    assert same(from_image(image + b"\xff" * 100, Path("x"), "some model"), gallery)


@pytest.mark.parametrize("place", [0, 8, 30, 61, 70, 200])
def test_a_damaged_image_is_refused(galleries: Galleries, place: int) -> None:
    image = bytearray(to_image(galleries()))
    image[place] ^= 4
    with pytest.raises(DamagedFileError):
        from_image(bytes(image), Path("x"))
    with pytest.raises(DamagedFileError):
        from_image(bytes(image[:place]), Path("x"))


def test_another_model_is_refused(galleries: Galleries) -> None:
    galleries().require_model("ab" * 32)
    with pytest.raises(UserError, match="was made with the model some model"):
        galleries().require_model("cd" * 32)


def test_too_many_people_name_the_number_that_fits() -> None:
    people = tuple(Person(f"p{i}", np.zeros((5, 128), np.int8)) for i in range(6))
    gallery = Gallery("m", "ab" * 32, 128, 0, None, people)
    with pytest.raises(UserError, match="at most 5 people with 5 photos each"):
        require_fit(gallery, 4096, "nrf52840")
    require_fit(gallery.remove("p5"), 4096, "nrf52840")
    assert people_that_fit(10, 5, 128) == 0


PROGRAM = """
#include "embeddings.h"
#include "mf_gallery.h"
#include <stdio.h>
int main(void) {
  for (unsigned i = 0; i < MF_EMBEDDINGS_PEOPLE; i++) {
    printf("%s %u\\n", mf_embeddings_names[i], (unsigned)mf_embeddings_photos[i]);
  }
  printf("%d %d %d", (int)mf_embeddings[MF_EMBEDDINGS_TEMPLATES - 1][MF_EMBEDDINGS_DIMENSIONS - 1],
         (int)MF_EMBEDDINGS_THRESHOLD, (int)mf_embeddings_image[0]);
  return 0;
}
"""


def test_embeddings_h_compiles_and_holds_the_people(galleries: Galleries, tmp_path: Path) -> None:
    gallery = galleries().rename("Ada", 'A "*/ ??/ \\')
    (tmp_path / "embeddings.h").write_text(embeddings_header(gallery))
    (tmp_path / "main.c").write_text(PROGRAM)
    runtime = Path(__file__).parents[2] / "src/microface/chip/firmware/runtime"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", f"-I{runtime}"]
    command = [*zig_command(), *flags, str(tmp_path / "main.c"), "-o", str(tmp_path / "main")]
    subprocess.run(command, check=True)
    said = subprocess.run([tmp_path / "main"], check=True, capture_output=True).stdout.decode()
    last = gallery.templates[-1, -1]
    assert said == f'A "*/ ??/ \\ 2\nBjörk 1\nÇelik 3\n{last} 700 {ord("M")}'
