"""Firmware folders: equal bytes, whole or not at all, usable in a project of one's own; packages with people."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_network

from microface.chip.devices.device import Device
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.host import HostDevice
from microface.chip.firmware.build import Options, build
from microface.chip.firmware.folder import Firmware, folder_to_be
from microface.chip.targets import Target
from microface.errors import UserError
from microface.models import ModelCard, ModelPackage
from microface.network import IntegerNetwork
from microface.network.anchor import RandomBuilder
from microface.network.inputs.light import correct_light
from microface.people.gallery import Gallery, Person
from microface.people.image import to_image
from microface.photos.preprocess import Preprocess

CARD = ModelCard("Drawn at random for a test.", "none", "none", "free */ of all\nrights", "useless")


@pytest.fixture(scope="module")
def package() -> ModelPackage:
    """A package whose network is drawn at random."""
    return ModelPackage("tiny model", random_network(3, (16, 16, 3), 4), Preprocess.aligned(16), "l2norm", CARD)


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below `folder` by its relative name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("chip", ["stm32h743zi", "nrf52840"])
def test_two_builds_in_two_folders_give_the_same_bytes(chip: str, package: ModelPackage, tmp_path: Path) -> None:
    for name in ("one", "two/deeper"):
        build(package, Target.load(chip), tmp_path / name)
    one, two = bytes_below(tmp_path / "one"), bytes_below(tmp_path / "two" / "deeper")
    assert one == two
    firmware = Firmware.load(tmp_path / "one")
    assert firmware.flash_bytes <= firmware.facts["plan"]["flash_bytes"]
    assert {"firmware.elf", "firmware.json", "microface.h", "mf_network.c", "CMakeLists.txt", "model.mface"} <= set(one)
    assert not any(str(tmp_path).encode() in data for data in one.values())


def test_fresh_cache_gives_the_same_bytes(
    package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(package, Target.load("nrf52840"), tmp_path / "one")
    zig_cache = Path.home() / ".cache" / "microface" / "zig"
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(zig_cache))
    monkeypatch.setattr("microface.chip.firmware.toolchain.cache_folder", lambda: tmp_path / "cache")
    build(package, Target.load("nrf52840"), tmp_path / "two")
    assert bytes_below(tmp_path / "one") == bytes_below(tmp_path / "two")


def test_a_failed_build_leaves_the_older_firmware(package: ModelPackage, tmp_path: Path) -> None:
    target = Target.load("nrf52840")
    build(package, target, tmp_path / "fw", source_only=True)
    before = bytes_below(tmp_path / "fw")
    with pytest.raises(UserError, match="short"):
        build(package, target, tmp_path / "fw", options=Options(reserve_ram=256 * 1024))
    with pytest.raises(ZeroDivisionError), folder_to_be(tmp_path / "fw") as folder:
        (folder / "half").write_text("written")
        raise ZeroDivisionError
    assert bytes_below(tmp_path / "fw") == before
    assert [path.name for path in tmp_path.iterdir()] == ["fw"]


def test_a_folder_of_something_else_is_not_touched(package: ModelPackage, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="is no firmware"):
        build(package, Target.load("nrf52840"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(UserError, match="holds no firmware"):
        Firmware.load(tmp_path)


def test_sources_alone_are_a_project_of_their_own(package: ModelPackage, tmp_path: Path) -> None:
    """Every C file and the example compile without our toolchain and without a warning, also as C++ headers."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs gcc or clang of this computer")
    firmware = build(package, Target.load("host"), tmp_path / "src", source_only=True)
    with pytest.raises(UserError, match="sources only"):
        _ = firmware.elf_path
    folder = firmware.folder
    sources = [*folder.glob("*.c"), *(folder / "runtime").glob("*.c")]
    port = tmp_path / "port.c"
    port.write_text(
        '#include "mf_port.h"\nuint8_t mf_gallery_start[262144];\n'
        "int32_t mf_port_erase(const uint8_t *s) { (void)s; return 0; }\n"
        "int32_t mf_port_program(const uint8_t *p, const uint8_t *u) { (void)p; (void)u; return 0; }\n"
    )
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-O1", "-mavx2"]
    includes = [f"-I{folder}", f"-I{folder / 'runtime'}"]
    command = [compiler, *flags, *includes, *map(str, sources), str(port), "-o", str(tmp_path / "example")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = (folder / "CMakeLists.txt").read_text()
    assert all(f"    {path.relative_to(folder)}\n" in listed for path in sources if path.name != "example_main.c")


@pytest.mark.parametrize("chip", ["stm32h743zi", "nrf52840"])
def test_sources_alone_compile_with_gcc_for_arm(chip: str, package: ModelPackage, tmp_path: Path) -> None:
    """As a firmware engineer would: with the flags that CMakeLists.txt names, and no warning."""
    compiler, target = shutil.which("arm-none-eabi-gcc"), Target.load(chip)
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    folder = build(package, target, tmp_path / "src", source_only=True).folder
    sources = [*folder.glob("*.c"), *(folder / "runtime").glob("*.c")]
    flags = [*target.compiler.gcc_flags, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-c"]
    includes = [f"-I{folder}", f"-I{folder / 'runtime'}"]
    (tmp_path / "objects").mkdir()
    command = [compiler, *flags, *includes, *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path / "objects")
    assert done.returncode == 0, done.stderr


def test_gcc_for_arm_builds_a_firmware_that_gives_the_same(tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    network = random_network(29, (15, 14, 3), 6)
    inputs = np.random.default_rng(0).integers(-128, 128, (2, *network.input.shape)).astype(np.int8)
    options = Options(compiler="gcc")
    device = EmulatedDevice(build(network, Target.load("stm32h743zi"), tmp_path / "fw", options=options))
    np.testing.assert_array_equal(device.run(inputs), network.run(inputs))
    assert device.self_test() is None


def test_network_of_32_bit_outputs_builds(tmp_path: Path) -> None:
    from microface.network import Tensor
    from microface.network.requantise import NoRequantise

    base = random_network(8, (9, 9, 3), 3)
    last = replace(base.operators[-1], requantise=NoRequantise())  # type: ignore[call-arg]
    tensors = dict(base.tensors) | {last.output: Tensor(last.output, base.output.shape, "s32", 1.0)}
    network = IntegerNetwork("wide", tensors, (*base.operators[:-1], last), base.inputs, base.outputs)
    inputs = np.random.default_rng(0).integers(-128, 128, (2, 9, 9, 3)).astype(np.int8)
    expected = network.run(inputs)
    np.testing.assert_array_equal(HostDevice(network).run(inputs), expected)
    chip = EmulatedDevice(build(network, Target.load("stm32h743zi"), tmp_path / "fw"))
    np.testing.assert_array_equal(chip.run(inputs), expected)


def test_self_test_names_the_first_layer_that_differs(package: ModelPackage, tmp_path: Path) -> None:
    device = EmulatedDevice(build(package, Target.load("nrf52840"), tmp_path / "fw"))
    assert device.self_test() is None
    symbols = device.chip.firmware.symbols
    names = [step["name"] for step in device.firmware.facts["plan"]["steps"][1:]]
    damaged = next(name for name in names if f"mf_{name.lower()}_weights" in symbols)
    # Flipped bits in the weights of a layer in the middle, as worn flash cells would do it.
    place = symbols[f"mf_{damaged.lower()}_weights"].address - device.target.memory("flash").origin
    device.chip.memory.bank("flash")[place : place + 8] ^= 0x40
    assert device.self_test() == damaged


@pytest.mark.parametrize("layer", ["expand", "depthwise", "project"])
def test_self_test_names_layers_inside_a_block(layer: str, tmp_path: Path) -> None:
    builder = RandomBuilder((12, 12, 8), 1)
    wide = builder.depthwise("depthwise", builder.conv("expand", "input", 24))
    builder.add("sum", "input", builder.conv("project", wide, 8, relu=False))
    device = EmulatedDevice(build(builder.build("block"), Target.load("nrf52840"), tmp_path / "fw"))
    assert device.self_test() is None
    place = device.chip.address(f"mf_sum_{layer}_weights") - device.target.memory("flash").origin
    device.chip.memory.bank("flash")[place : place + 8] ^= 0x40
    assert device.self_test() == layer


@pytest.mark.parametrize("chip", ["stm32h743zi"])
def test_light_is_corrected_on_the_chip_as_in_numpy(chip: str, package: ModelPackage, tmp_path: Path) -> None:
    lit = replace(package, preprocess=Preprocess.aligned(16, light="spread"))
    device = EmulatedDevice(build(lit, Target.load(chip), tmp_path / "fw"))
    crops = np.random.default_rng(2).integers(0, 256, (6, 16, 16, 3)).astype(np.uint8)
    crops[0], crops[1], crops[2] = 77, crops[1] // 16 + 200, np.where(crops[2] > 200, 255, 0)
    np.testing.assert_array_equal(device.embed(crops), HostDevice(lit).embed(crops))
    expected = np.stack([correct_light(crop) for crop in crops]) ^ 0x80
    np.testing.assert_array_equal(device.embed(crops), lit.network.run(expected.view(np.int8)).reshape(6, -1))
    assert device.self_test() is None
    place = device.chip.address("mf_arena_start") + device.firmware.facts["plan"]["input_offsets"][0]
    for crop, wanted in zip(crops, expected, strict=True):
        device.chip.write(place, crop.tobytes())
        device.chip.call("mf_prepare", place, place)
        assert device.chip.read(place, crop.size) == wanted.tobytes()


def test_host_and_chip_embed_and_match_alike(package: ModelPackage, tmp_path: Path) -> None:
    host: Device = HostDevice(package)
    chip: Device = EmulatedDevice(build(package, Target.load("nrf52840"), tmp_path / "fw"))
    crops = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3)).astype(np.uint8)
    embeddings = host.embed(crops)
    np.testing.assert_array_equal(embeddings, chip.embed(crops))
    np.testing.assert_array_equal(embeddings, package.network.run((crops ^ 0x80).view(np.int8)).reshape(6, -1))
    assert host.match(embeddings) == chip.match(embeddings)
    assert {match.person for match in host.match(embeddings)} == {-1}
    people = (Person("Ann", embeddings[:2]), Person("Bo", embeddings[2:3]))
    gallery = Gallery(package.name, package.model_id, package.embedding_size, threshold=20, people=people)
    for device in (host, chip):
        device.write_gallery(to_image(gallery))
        with pytest.raises(UserError, match="gallery"):
            device.write_gallery(b"no gallery at all" * 8)
        with pytest.raises(UserError, match="another model"):
            device.write_gallery(to_image(replace(gallery, model_id="00" * 32)))
    found = host.match(embeddings)
    assert found == chip.match(embeddings)
    assert (found[2].person, found[2].distance) == (1, 0)
    assert {match.nearest for match in found} <= {0, 1}
    for device in (host, chip):
        with pytest.raises(UserError, match="takes uint8"):
            device.embed(crops[:, :8])
        with pytest.raises(UserError, match="takes s8"):
            device.run(crops)
