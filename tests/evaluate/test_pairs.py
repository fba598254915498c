"""LFW's pair files: the official layout, and what is wrong with others."""

import tarfile
from pathlib import Path

import pytest

from microface.errors import UserError
from microface.evaluate.pairs import find_root, parse_folds, read_folds, read_pairs

TEXT = "2\t1\nAda\t1\t12\nAda\t1\tBen\t3\nBen\t1\t3\nCleo\t1\tAda\t2\n"


def written(tmp_path: Path, text: str = TEXT) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    return path


def test_the_official_layout(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path))
    assert pairs.first[0] == "Ada/Ada_0001.jpg" and pairs.second[0] == "Ada/Ada_0012.jpg"
    assert pairs.second[1] == "Ben/Ben_0003.jpg"
    assert pairs.same == (True, False, True, False) and pairs.fold == (1, 1, 2, 2)
    assert len(pairs.files) == 6


def test_folds_are_picked(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path), (2,))
    assert pairs.fold == (2, 2) and pairs.first == ("Ben/Ben_0001.jpg", "Cleo/Cleo_0001.jpg")
    with pytest.raises(UserError, match="has no fold 3"):
        read_pairs(written(tmp_path), (1, 3))


def test_one_fold_alone_is_refused_where_thresholds_come_from_the_others(tmp_path: Path) -> None:
    assert len(read_folds(written(tmp_path))) == 4
    with pytest.raises(UserError, match="leaves one fold"):
        read_folds(written(tmp_path), (2,))
    with pytest.raises(UserError, match="leaves one fold"):
        read_folds(written(tmp_path, "1\nAda 1 12\nAda 1 Ben 3\n"))  # as LFW's View 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not begin"),
        ("Ada\t1\t2\n", "does not begin"),
        ("1\t1\nAda\t1\n", "is not a pair"),
        ("1\t1\nAda\t1\tBen\tx\n", "is not a pair"),
        (TEXT.rsplit("\n", 2)[0] + "\n", "has 3 pairs"),
    ],
)
def test_other_texts_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        read_pairs(written(tmp_path, text))


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_pairs(tmp_path / "none.txt")


@pytest.mark.parametrize(("text", "folds"), [("1-5", (1, 2, 3, 4, 5)), ("3,1", (1, 3)), ("1,2-3", (1, 2, 3))])
def test_folds_as_people_write_them(text: str, folds: tuple[int, ...]) -> None:
    assert parse_folds(text) == folds


@pytest.mark.parametrize("text", ["", "a", "1-b", "1,,2"])
def test_what_names_no_folds(text: str) -> None:
    with pytest.raises(UserError, match="does not name folds"):
        parse_folds(text)


def test_folds_that_end_before_they_begin() -> None:
    with pytest.raises(UserError, match="5-1: ends before it begins; write 1-5"):
        parse_folds("2,5-1")


def test_the_root_is_the_folder_of_names_or_its_parent(tmp_path: Path) -> None:
    photo = tmp_path / "lfw" / "Ada" / "Ada_0001.jpg"
    photo.parent.mkdir(parents=True)
    photo.touch()
    files = ("Ada/Ada_0001.jpg",)
    assert find_root(tmp_path, files) == find_root(tmp_path / "lfw", files) == tmp_path / "lfw"
    with pytest.raises(UserError, match="lacks 1 photos, first Ben"):
        find_root(tmp_path, (*files, "Ben/Ben_0001.jpg"))
    with pytest.raises(UserError, match="does not hold"):
        find_root(tmp_path / "lfw" / "Ada", files)
    with pytest.raises(UserError, match="is not a folder"):
        find_root(photo, files)


def test_the_development_pairs_are_read(shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / "data" / "lfw_dev.tar") as tar:
        tar.extract("lfw/pairs_dev.txt", tmp_path)
    pairs = read_pairs(tmp_path / "lfw" / "pairs_dev.txt")
    assert len(pairs) == 3000 and sum(pairs.same) == 1500 and set(pairs.fold) == {1, 2, 3, 4, 5}
