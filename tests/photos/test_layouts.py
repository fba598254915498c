from pathlib import Path

import cv2
import pytest
from drawn import drawn_face

from microface.errors import UserError
from microface.photos.layouts import layout_of, list_photos, read_entry


def write(path: Path, seed: int = 0) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(path.suffix, drawn_face(60, 60, 12, seed))[1].tobytes()
    path.write_bytes(data)
    return bytes(data)


def test_a_folder_per_person(tmp_path: Path) -> None:
    data = write(tmp_path / "home/Ada/1.jpg", 1)
    for name in ("home/Ada/2.PNG", "home/Bo/x.webp", "home/unknown/3.jpg", "home/4.bmp"):
        write((tmp_path / name).with_suffix(Path(name).suffix.lower()))
    (tmp_path / "home/Ada/notes.txt").write_text("no photo")
    write(tmp_path / "home/.trash/5.jpg")
    entries = {entry.key: entry for entry in list_photos(tmp_path / "home")}
    people = {key: entry.identity for key, entry in entries.items()}
    assert people == {
        "home/4.bmp": "",
        "home/Ada/1.jpg": "home:Ada",
        "home/Ada/2.png": "home:Ada",
        "home/Bo/x.webp": "home:Bo",
        "home/unknown/3.jpg": "",
    }
    assert read_entry(entries["home/Ada/1.jpg"]) == data


def test_lfw_and_its_parent(tmp_path: Path) -> None:
    for name in ("Ada_Byron/Ada_Byron_0001", "Ada_Byron/Ada_Byron_0002", "Bo_Li/Bo_Li_0001"):
        write(tmp_path / "lfw" / f"{name}.jpg")
    for source in (tmp_path, tmp_path / "lfw"):
        assert layout_of(source).name == "lfw"
        entries = list_photos(source)
        assert [entry.identity for entry in entries] == ["lfw:Ada_Byron"] * 2 + ["lfw:Bo_Li"]
        assert entries[2].key == "lfw/Bo_Li_0001.jpg"
        assert read_entry(entries[2]).startswith(b"\xff\xd8")


def test_parquet_tables(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"key": ["a", "b"], "source": ["s", "s"], "identity": ["x:1", None], "photo": [b"one", b"two"]}
    parquet.write_table(arrow.table(columns), tmp_path / "some.parquet")
    for source in (tmp_path, tmp_path / "some.parquet"):
        entries = list_photos(source)
        assert [(entry.key, entry.identity) for entry in entries] == [("a", "x:1"), ("b", "")]
        assert [read_entry(entry) for entry in entries] == [b"one", b"two"]
    parquet.write_table(arrow.table({"key": ["a"]}), tmp_path / "some.parquet")
    with pytest.raises(UserError, match=r"some\.parquet"):
        list_photos(tmp_path)
    (tmp_path / "some.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match=r"some\.parquet"):
        list_photos(tmp_path)


def test_what_is_no_collection(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        list_photos(tmp_path / "nothing")
    with pytest.raises(UserError, match="holds no photos"):
        list_photos(tmp_path)
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(UserError, match="no collection"):
        list_photos(tmp_path / "text.txt")


def test_a_telephones_heic_is_listed_so_that_its_owner_is_told_that_it_was_left_out(tmp_path: Path) -> None:
    write(tmp_path / "Ada/1.jpg")
    (tmp_path / "Ada/IMG_2.HEIC").write_bytes(b"ftypheic")
    assert [Path(entry.key).name for entry in list_photos(tmp_path)] == ["1.jpg", "IMG_2.HEIC"]
