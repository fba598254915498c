"""The files that `enroll` writes: a gallery, or its C header."""

import shutil
from pathlib import Path

from running import RunCli


def test_a_name_that_ends_in_h_is_the_header_of_c(cli: RunCli, people: Path, tmp_path: Path) -> None:
    one = sorted(people.iterdir())[0]
    (tmp_path / "one" / one.name).mkdir(parents=True)
    photo = sorted(one.iterdir())[0]
    shutil.copy(photo, tmp_path / "one" / one.name)
    assert cli("enroll", "one", "--output", "embeddings.h").code == 0
    header = tmp_path / "embeddings.h"
    assert header.read_text().startswith("/* People enrolled") and header.stat().st_mode & 0o777 == 0o600
    assert "MF_EMBEDDINGS_PEOPLE 1" in header.read_text() and "mf_embeddings_image" in header.read_text()


def test_other_endings_are_refused_before_anybody_is_looked_at(cli: RunCli, people: Path, tmp_path: Path) -> None:
    for ending in ("people.txt", "people"):
        refused = cli("enroll", people, "--output", ending)
        assert refused.code == 2 and "FILE.mfg or FILE.h" in refused.line and not (tmp_path / ending).exists()
    assert cli("people", "import", "flash.bin", "--output", "home.bin").code == 2
