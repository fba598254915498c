import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from microface.errors import UserError
from microface.photos.headers import read_header
from microface.photos.read import decode_photo, read_photo


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    blocks = np.random.default_rng(0).integers(0, 256, (8, 6, 3), np.uint8)
    return np.asarray(cv2.resize(blocks, (60, 90), interpolation=cv2.INTER_CUBIC))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def off(read: np.ndarray, right: np.ndarray) -> int:
    assert read.shape == right.shape
    return int(np.abs(read.astype(int) - right).max())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(picture: np.ndarray, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(picture), kind, exif=exif, quality=95, lossless=True)
    right = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert off(decode_photo(data, "photo"), np.array(right)) <= 1


def test_grey_palette_and_alpha(picture: np.ndarray) -> None:
    image = Image.fromarray(picture)
    grey = np.array(image.convert("L").convert("RGB"))
    assert off(decode_photo(encoded(image.convert("L"), "PNG"), "grey"), grey) == 0
    assert off(decode_photo(encoded(image.convert("LA"), "PNG"), "grey with alpha"), grey) == 0
    palette = image.convert("P")
    assert off(decode_photo(encoded(palette, "PNG"), "palette"), np.array(palette.convert("RGB"))) == 0
    clear = np.dstack([picture, np.zeros(picture.shape[:2], np.uint8)])
    clear[:, :30, 3] = 255
    read = decode_photo(encoded(Image.fromarray(clear), "PNG"), "alpha")
    assert off(read[:, :30], picture[:, :30]) == 0
    assert (read[:, 30:] == 255).all()


def test_cmyk(picture: np.ndarray) -> None:
    data = encoded(Image.fromarray(picture).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(decode_photo(data, "cmyk").astype(int) - picture).mean() < 3


def test_sixteen_bits(picture: np.ndarray) -> None:
    data = cv2.imencode(".png", picture[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    assert off(decode_photo(data, "deep"), picture) == 0


def test_bmp_and_webp(picture: np.ndarray) -> None:
    assert off(decode_photo(encoded(Image.fromarray(picture), "BMP"), "bmp"), picture) == 0
    lossy = decode_photo(encoded(Image.fromarray(picture), "WEBP", quality=95), "webp")
    assert np.abs(lossy.astype(int) - picture).mean() < 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_cut_file_is_refused_wherever_it_is_cut(picture: np.ndarray, kind: str) -> None:
    data = encoded(Image.fromarray(picture), kind)
    for length in {0, 1, 5, 19, 40, len(data) // 4, len(data) // 2, len(data) - 3}:
        with pytest.raises(UserError):
            decode_photo(data[:length], "photo")


def test_noise_behind_a_good_start_never_crashes(picture: np.ndarray) -> None:
    random = np.random.default_rng(2)
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        whole = bytearray(encoded(Image.fromarray(picture), kind))
        for _ in range(40):
            damaged = bytearray(whole)
            for place in random.integers(2, len(whole), 12):
                damaged[place] = random.integers(256)
            try:
                assert decode_photo(bytes(damaged), "photo").shape[2] == 3
            except UserError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"Dear photo, this is a text file.\n" * 9, b"\xff\xd8\xff" * 30])
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"photo\.jpg"):
        read_photo(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_photo(tmp_path / "nothing.jpg")


def test_a_large_jpeg_is_reduced_while_it_is_decoded() -> None:
    tall = np.full((5000, 500, 3), 90, np.uint8)
    tall[:2500] = 200
    photo = decode_photo(cv2.imencode(".jpg", tall)[1].tobytes(), "tall", longest=1000)
    assert photo.shape == (1000, 100, 3)
    assert photo[200].mean() > 190
    assert photo[800].mean() < 100


def test_too_many_pixels_are_refused_before_decoding() -> None:
    small = encoded(Image.new("RGB", (8, 8)), "PNG")
    huge = small[:16] + (20_000).to_bytes(4, "big") * 2 + small[24:]
    header = read_header(huge)
    assert header is not None and header.pixels == 400_000_000
    with pytest.raises(UserError, match="20000 x 20000"):
        decode_photo(huge, "huge")
