"""Damaged and hostile files are refused in one line; what is not supported is named with its place."""

from pathlib import Path

import numpy as np
import pytest
from random_draft import Draft, byte, number
from random_files import NAMES, conv, draft_of, pool

from microface.errors import DamagedFileError, UserError
from microface.network.convert.tflite import import_tflite
from microface.network.convert.tflite.importing import convert
from microface.network.convert.tflite.model import parse_model
from microface.network.convert.tflite.write import OutModel, OutOperator, OutTensor, model_bytes

PATH = Path("hostile.tflite")


def read(data: bytes) -> None:
    """Read `data`; any error but ours fails the test."""
    try:
        convert(parse_model(data, PATH))
    except UserError as error:
        assert "\n" not in str(error)


def several() -> list[bytes]:
    return [model_bytes(draft_of(name, 0).model()) for name in NAMES]


def test_a_file_cut_anywhere_is_refused() -> None:
    data = model_bytes(draft_of("CONV_2D", 0).model())
    for end in range(0, len(data) - 1, 3):
        with pytest.raises(UserError):
            convert(parse_model(data[:end], PATH))


def test_flipped_bytes_and_words_never_crash() -> None:
    random = np.random.default_rng(1)
    words = np.array([0, 1, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF00], np.uint32)
    for data in several():
        for _ in range(40):
            wrong = bytearray(data)
            at = int(random.integers(len(data) - 4))
            if random.random() < 0.5:
                wrong[at] = int(random.integers(256))
            else:
                wrong[at : at + 4] = random.choice(words).tobytes()
            read(bytes(wrong))


def test_random_bytes_are_no_network() -> None:
    random = np.random.default_rng(2)
    for length in (0, 1, 7, 8, 9, 100, 5000):
        data = bytearray(random.integers(0, 256, length).astype(np.uint8).tobytes())
        data[4:8] = b"TFL3"[: max(0, length - 4)]
        with pytest.raises(DamagedFileError):
            convert(parse_model(bytes(data), PATH))


@pytest.mark.parametrize("shape", [(1, 2**30, 2**30, 3), (1, -1, 4, 3), (2**31 - 1,) * 8, (1, 60000, 60000, 1)])
def test_sizes_that_overflow_are_refused(shape: tuple[int, ...]) -> None:
    draft = Draft(np.random.default_rng(0))
    pool("MAX_POOL_2D")(draft)
    given = draft.tensors[0]
    draft.tensors[0] = OutTensor(given.name, shape, given.dtype, given.scales, given.zero_points)
    with pytest.raises(UserError, match="shape"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_a_cycle_is_refused() -> None:
    draft = Draft(np.random.default_rng(0))
    a = draft.input((1, 4))
    b, c = draft.like(a, (1, 4)), draft.like(a, (1, 4))
    draft.emit("RESHAPE", (c,), (b,))
    draft.emit("RESHAPE", (b,), (c,))
    with pytest.raises(UserError, match="before it is computed"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_an_unknown_operator_is_named_with_its_place() -> None:
    draft = Draft(np.random.default_rng(0))
    x = draft.input((1, 4, 4, 2))
    y = draft.like(x, (1, 2, 2, 8))
    draft.emit("SPACE_TO_DEPTH", (x,), (y,))
    with pytest.raises(UserError, match=r"hostile.tflite: operator 0 \(SPACE_TO_DEPTH\): is not supported; .*CONV_2D"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_a_float_network_is_named() -> None:
    tensors = [OutTensor("x", (1, 4), "float32"), OutTensor("y", (1, 4), "float32")]
    model = OutModel(tensors, [OutOperator("RELU", (0,), (1,))], [0], [1])
    with pytest.raises(UserError, match="quantise"):
        convert(parse_model(model_bytes(model), PATH))


def test_what_uint8_computes_in_floating_point_is_named() -> None:
    draft = Draft(np.random.default_rng(0), "uint8")
    x = draft.input((1, 4, 4, 2), 0.1, 128)
    draft.emit("RESIZE_BILINEAR", (x, draft.integers(8, 8)), (draft.like(x, (1, 8, 8, 2)),), {})
    with pytest.raises(UserError, match=r"\(RESIZE_BILINEAR\): interpolates uint8, in floating point"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_a_zero_point_of_16_bits_is_named() -> None:
    draft = Draft(np.random.default_rng(0), "int16")
    x = draft.input((1, 4), 0.1, 3)
    draft.emit("RELU", (x,), (draft.like(x, (1, 4)),))
    with pytest.raises(UserError, match="zero point 3; int16 has 0"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_a_batch_is_named() -> None:
    draft = Draft(np.random.default_rng(0))
    x = draft.input((4, 3, 3, 2))
    y = draft.like(x, (4, 3, 3, 2))
    one = {0: byte(0), 1: number(1), 2: number(1), 3: number(2), 4: number(2)}
    draft.emit("MAX_POOL_2D", (x,), (y,), one)
    with pytest.raises(UserError, match="batch of 1"):
        convert(parse_model(model_bytes(draft.model()), PATH))


def test_a_file_that_is_missing_or_foreign(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        import_tflite(tmp_path / "none.tflite")
    (tmp_path / "zip.tflite").write_bytes(b"PK\3\4" * 50)
    with pytest.raises(DamagedFileError, match="no TFLite file"):
        import_tflite(tmp_path / "zip.tflite")


def test_equal_models_give_equal_bytes() -> None:
    draft = Draft(np.random.default_rng(3))
    conv(draft)
    assert model_bytes(draft.model()) == model_bytes(draft.model())
