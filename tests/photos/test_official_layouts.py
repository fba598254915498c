"""The published layouts, imitated in the small with photos of people who do not exist."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import microface.demo
from microface.errors import UserError
from microface.photos.layouts import PhotoEntry, layout_of, list_photos, read_entry

PEOPLE = Path(microface.demo.__file__).parent / "people/enrolled"
Place = Callable[[str], bytes]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Put the next photo of the made-up people at a path within `tmp_path`."""
    photos = iter(sorted(PEOPLE.rglob("*.jpg")))

    def put(name: str) -> bytes:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(next(photos), path)
        return path.read_bytes()

    return put


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def entries_of(source: Path, layout: str) -> dict[str, PhotoEntry]:
    assert layout_of(source).name == layout
    entries = list_photos(source)
    assert len({entry.key for entry in entries}) == len(entries)
    assert all(read_entry(entry) for entry in entries)
    relative = list_photos(Path(os.path.relpath(source)))
    assert [(entry.key, entry.identity) for entry in relative] == [(entry.key, entry.identity) for entry in entries]
    return {entry.key: entry for entry in entries}


def test_vggface2(tmp_path: Path, place: Place) -> None:
    for name in ("train/n000002/0001_01", "train/n000002/0002_01", "train/n000003/0001_02", "test/n000001/0001_01"):
        place(f"{name}.jpg")
    write(tmp_path / "meta/identity_meta.csv", 'Class_ID, Name\nn000002, "Ada, Countess"\nn000001, "Bo"\n')
    boxes = 'NAME_ID,X,Y,W,H\n"n000002/0001_01",1,2,30,40\n"n000002/0002_01",5,6,7,8\n"n000003/0001_02",-3,1,9,9\n'
    write(tmp_path / "bb_landmark/loose_bb_train.csv", boxes)
    entries = entries_of(tmp_path, "vggface2")
    first, last = entries["vggface2/train/n000002/0001_01.jpg"], entries["vggface2/test/n000001/0001_01.jpg"]
    assert (first.identity, first.person, first.split) == ("vggface2:n000002", "Ada, Countess", "train")
    assert (last.identity, last.person, last.split, last.box) == ("vggface2:n000001", "Bo", "held_out", None)
    assert first.box == (1, 2, 30, 40) and entries["vggface2/train/n000003/0001_02.jpg"].box == (-3, 1, 9, 9)
    part = entries_of(tmp_path / "train", "vggface2")
    assert {entry.split for entry in part.values()} == {""} and part[first.key].box == first.box
    write(tmp_path / "bb_landmark/loose_bb_train.csv", boxes.replace(",30,40", ",30"))
    with pytest.raises(UserError, match="damaged line for n000002"):
        list_photos(tmp_path)


def test_youtube_faces(tmp_path: Path, place: Place) -> None:
    for name in ("0/0.1", "0/0.2", "1/1.1"):
        place(f"frame_images_DB/Ada_Byron/{name}.jpg")
        place(f"aligned_images_DB/Ada_Byron/{name.split('/')[0]}/aligned_detect_{name.split('/')[1]}.jpg")
    with pytest.raises(UserError, match=r"Ada_Byron\.labeled_faces\.txt: is missing"):
        list_photos(tmp_path)
    labels = "Ada_Byron\\0\\0.1.jpg,0,100,90,40,60,0,1\nAda_Byron\\1\\1.1.jpg,0,50,50,20,20,0,1\n"
    write(tmp_path / "frame_images_DB/Ada_Byron.labeled_faces.txt", labels)
    for source in (tmp_path, tmp_path / "frame_images_DB"):
        entries = entries_of(source, "youtube_faces")
        assert {entry.person for entry in entries.values()} == {"Ada_Byron"}
        assert [entry.box for entry in entries.values()] == [(80, 60, 40, 60), None, (40, 40, 20, 20)]
    aligned = entries_of(tmp_path / "aligned_images_DB", "youtube_faces")
    assert "youtube_faces/Ada_Byron/0/aligned_detect_0.1.jpg" in aligned
    write(tmp_path / "frame_images_DB/Ada_Byron.labeled_faces.txt", "Ada_Byron\\0\\0.1.jpg,0,wide\n")
    with pytest.raises(UserError, match="damaged line"):
        list_photos(tmp_path)


@pytest.mark.parametrize("pictures", ["img_align_celeba", "Img/img_celeba"])
def test_celeba(tmp_path: Path, place: Place, pictures: str) -> None:
    data = [place(f"{pictures}/{number:06d}.jpg") for number in (1, 2, 3)]
    with pytest.raises(UserError, match=r"no identity_CelebA\.txt; put it beside"):
        list_photos(tmp_path)
    assert len(list_photos(tmp_path, "photos")) == 3
    write(tmp_path / "Anno/identity_CelebA.txt", "000001.jpg 2880\n000002.jpg 2937\n000003.jpg 2880\n000004.jpg 1\n")
    entries = entries_of(tmp_path, "celeba")
    assert [entry.identity for entry in entries.values()] == ["celeba:2880", "celeba:2937", "celeba:2880"]
    assert [read_entry(entry) for entry in entries.values()] == data
    rows = "".join(f"{number:06d}.jpg {value}\n" for number, value in ((1, 0), (2, 1), (3, 2), (4, 0)))
    write(tmp_path / "Eval/list_eval_partition.txt", rows)
    boxes = "4\nimage_id x_1 y_1 width height\n" + "".join(f"{n:06d}.jpg {n} 2 30 40\n" for n in (1, 2, 3, 4))
    write(tmp_path / "Anno/list_bbox_celeba.txt", boxes)
    entries = entries_of(tmp_path, "celeba")
    assert [entry.split for entry in entries.values()] == ["train", "held_out", "held_out"]
    wild = pictures.endswith("img_celeba")
    assert entries["celeba/000002.jpg"].box == ((2, 2, 30, 40) if wild else None)
    write(tmp_path / "Eval/list_eval_partition.txt", rows.replace("000002", "000007"))
    with pytest.raises(UserError, match=r"lists 000002\.jpg where another table"):
        list_photos(tmp_path)


def test_msceleb_by_folders_and_by_a_list(tmp_path: Path, place: Place) -> None:
    for name in ("m.01abc/1.jpg", "m.01abc/2.jpg", "m.0_9z/1.jpg"):
        place(f"ms/{name}")
    write(tmp_path / "ms/Top1M_MidList.Name.tsv", 'm.01abc\t"Ada Byron"@en\nm.01abc\t"Ada"@de\nm.0\t"Bo"@en\n')
    entries = entries_of(tmp_path / "ms", "msceleb")
    assert [entry.identity for entry in entries.values()] == ["msceleb:m.01abc"] * 2 + ["msceleb:m.0_9z"]
    assert [entry.person for entry in entries.values()] == ["Ada Byron"] * 2 + ["m.0_9z"]
    place("listed/some/a.jpg")
    place("listed/other/b c.jpg")
    for text in ("some/a.jpg 0\nother/b c.jpg 1\n", "some/a.jpg\t0\nother\\b c.jpg\t1\n"):
        write(tmp_path / "listed/list.txt", text)
        for source in (tmp_path / "listed", tmp_path / "listed/list.txt"):
            entries = entries_of(source, "msceleb")
            assert {key: entry.identity for key, entry in entries.items()} == {
                "msceleb/some/a.jpg": "msceleb:0",
                "msceleb/other/b c.jpg": "msceleb:1",
            }
    write(tmp_path / "listed/list.txt", "some/a.jpg 0\nnonsense\n")
    with pytest.raises(UserError, match="every line must be `path label`"):
        list_photos(tmp_path / "listed")


def test_wider(tmp_path: Path, place: Place) -> None:
    place("WIDER_train/images/0--Parade/a.jpg")
    place("WIDER_train/images/0--Parade/b.jpg")
    with pytest.raises(UserError, match=r"wider_face_train_bbx_gt\.txt: is missing"):
        list_photos(tmp_path)
    faces = "10 20 30 40 0 0 0 0 0 0\n1 2 8 9 0 0 0 0 0 0\n50 60 30 30 0 0 0 1 0 0\n5 5 24 25 0 0 0 0 0 0"
    text = f"0--Parade/a.jpg\n4\n{faces}\n0--Parade/b.jpg\n0\n0 0 0 0 0 0 0 0 0 0\n0--Parade/none.jpg\n1\n1 1 90 90\n"
    write(tmp_path / "wider_face_split/wider_face_train_bbx_gt.txt", text)
    entries = entries_of(tmp_path, "wider")
    assert {key: entry.box for key, entry in entries.items()} == {
        "wider/0--Parade/a.jpg#0": (10, 20, 30, 40),
        "wider/0--Parade/a.jpg#3": (5, 5, 24, 25),
    }
    write(tmp_path / "wider_face_split/wider_face_train_bbx_gt.txt", "0--Parade/a.jpg\nmany\n")
    with pytest.raises(UserError, match=r"damaged at '0--Parade/a\.jpg'"):
        list_photos(tmp_path)


def test_wider_as_it_is_published(shared: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(shared / "data/wider_dev.tar", tmp_path)
    entries = list_photos(tmp_path / "wider")
    assert len(entries) > 560 and all(min(entry.box[2:]) >= 24 for entry in entries if entry.box)


@pytest.mark.parametrize(
    ("there", "layout", "said"),
    [
        ("train/", "VGGFace2", "train/n000002/0001_01.jpg"),
        ("test/n000002/", "VGGFace2", "vggface2_train.tar.gz"),
        ("bb_landmark/loose_bb_train.csv", "VGGFace2", "holds neither train nor test"),
        ("meta/identity_meta.csv", "VGGFace2", "holds neither train nor test"),
        ("frame_images_DB/", "YouTube Faces", "YouTubeFaces.tar.gz"),
        ("aligned_images_DB/Ada/0/", "YouTube Faces", "YouTubeFaces.tar.gz"),
        ("WIDER_train/images/ wider_face_split/wider_face_train_bbx_gt.txt", "WIDER FACE", "WIDER_train.zip"),
        ("wider_face_split/wider_face_train_bbx_gt.txt", "WIDER FACE", "WIDER_train.zip"),
        ("WIDER_train/images/", "", "wider_face_split.zip"),
        ("img_align_celeba/ identity_CelebA.txt", "CelebA", "img_align_celeba"),
        ("identity_CelebA.txt", "", "unpack CelebA's pictures"),
        ("m.01abc/", "MS-Celeb-1M-v1c", "m.0xyz"),
        ("Top1M_MidList.Name.tsv", "", "holds neither folders m.0xyz"),
        ("lfw/", "LFW", "lfw.tgz"),
        ("Ada/", "a folder per person", "JPEG"),
    ],
)
def test_a_collection_that_was_not_unpacked_is_named(tmp_path: Path, there: str, layout: str, said: str) -> None:
    for name in there.split():
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True)
        else:
            write(tmp_path / name, "")
    with pytest.raises(UserError) as found:
        list_photos(tmp_path)
    assert layout in str(found.value) and said in str(found.value)


@pytest.mark.parametrize(
    ("photo", "table", "text"),
    [
        ("img_celeba/000001.jpg", "identity_CelebA.txt", b"000001.jpg \xff\n"),
        ("img_celeba/000001.jpg", "list_eval_partition.txt", b"000001.jpg x\n"),
        ("img_celeba/000001.jpg", "list_bbox_celeba.txt", b"000001.jpg a b c d\n"),
        ("train/n000002/0001_01.jpg", "meta/identity_meta.csv", b"n000002,\xff\n"),
        ("train/n000002/0001_01.jpg", "bb_landmark/loose_bb_train.csv", b'"n000002/0001_01",1,2,3,\xff\n'),
        ("m.01abc/1.jpg", "Top1M_MidList.Name.tsv", b"m.01abc\t\xff\n"),
        ("some/a.jpg", "list.txt", b"some/a.jpg 0\nsome/\xff.jpg 1\n"),
        ("frame_images_DB/Ada/0/0.1.jpg", "frame_images_DB/Ada.labeled_faces.txt", b"\xff"),
        ("WIDER_train/images/0--Parade/a.jpg", "wider_face_split/wider_face_train_bbx_gt.txt", b"\xff"),
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, place: Place, photo: str, table: str, text: bytes) -> None:
    place(photo)
    if "celeba" in photo:
        write(tmp_path / "identity_CelebA.txt", "000001.jpg 1\n")
    write(tmp_path / table, "")
    (tmp_path / table).write_bytes(text)
    with pytest.raises(UserError, match=f"{Path(table).name}: .*damaged"):
        list_photos(tmp_path)


def test_parts_of_collections_and_lists_without_their_pictures(tmp_path: Path, place: Place) -> None:
    place("WIDER_train/images/0--Parade/a.jpg")
    with pytest.raises(UserError, match="is only a part of WIDER FACE; give the folder that holds it"):
        list_photos(tmp_path / "WIDER_train")
    write(tmp_path / "list.txt", "some/a.jpg 0\n")
    with pytest.raises(UserError, match=r"begins with some/a\.jpg, which is not there"):
        list_photos(tmp_path / "list.txt")
    place("own/train/Ada/1.jpg")
    (tmp_path / "own/test").mkdir()
    assert layout_of(tmp_path / "own").name == "people"


def test_people_nested_and_in_splits(tmp_path: Path, place: Place) -> None:
    for name in ("home/Ada/2024/summer/1.jpg", "home/Ada/2.jpg", "home/Bo/x/3.jpg", "home/unknown/y/4.jpg"):
        place(name)
    entries = entries_of(tmp_path / "home", "people")
    assert sorted(entry.identity for entry in entries.values()) == ["", "home:Ada", "home:Ada", "home:Bo"]
    place("sorted/train/Ada/1.jpg")
    place("sorted/val/Bo/1.jpg")
    place("sorted/val/2.jpg")
    found = entries_of(tmp_path / "sorted", "people").values()
    assert {(entry.identity, entry.split) for entry in found} == {
        ("sorted:Ada", "train"),
        ("sorted:Bo", "held_out"),
        ("", ""),
    }


def test_photos_without_names_whatever_their_folders(tmp_path: Path, place: Place) -> None:
    for name in ("web/1.jpg", "web/some/2.jpg", "web/some/more/3.jpg"):
        place(name)
    assert {entry.identity for entry in list_photos(tmp_path / "web", "photos")} == {""}
    with pytest.raises(UserError, match="has not the layout of VGGFace2"):
        list_photos(tmp_path / "web", "vggface2")
    with pytest.raises(UserError, match="layout vgg: is unknown"):
        layout_of(tmp_path / "web", "vgg")
