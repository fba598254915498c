import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microface.chip.targets import Target
from microface.chip.targets.target import FOLDER, host_features
from microface.errors import UserError

KIB = 1024
TEMPLATE = FOLDER / "TEMPLATE" / "target.toml"


def test_every_folder_is_a_target_under_its_own_name():
    assert Target.names() == ("gap8", "host", "max78000", "nrf52840", "stm32h743zi")
    assert [Target.load(name).name for name in Target.names()] == list(Target.names())


def test_the_banks_of_the_stm32h743zi():
    chip = Target.load("stm32h743zi")
    assert [(bank.name, bank.kind, bank.origin, bank.bytes // KIB, bank.mapped) for bank in chip.memories] == [
        ("itcm", "ram", 0x00000000, 64, False),
        ("flash", "flash", 0x08000000, 2048, True),
        ("dtcm", "ram", 0x20000000, 128, True),
        ("axi_sram", "ram", 0x24000000, 512, True),
        ("sram1", "ram", 0x30000000, 128, True),
        ("sram2", "ram", 0x30020000, 128, True),
        ("sram3", "ram", 0x30040000, 32, True),
        ("sram4", "ram", 0x38000000, 64, True),
    ]
    assert (chip.gallery.sector_bytes, chip.gallery.unit_bytes) == (128 * KIB, 32)
    assert (chip.timing.clock_hz, chip.features) == (480_000_000, {"dsp"})


def test_the_banks_of_the_nrf52840():
    chip = Target.load("nrf52840")
    assert [(bank.name, bank.kind, bank.origin, bank.bytes // KIB) for bank in chip.memories] == [
        ("flash", "flash", 0x00000000, 1024),
        ("ram", "ram", 0x20000000, 256),
    ]
    assert (chip.gallery.sector_bytes, chip.gallery.unit_bytes) == (4 * KIB, 4)
    assert (chip.timing.clock_hz, chip.features) == (64_000_000, {"dsp"})


def test_the_banks_of_gap8():
    chip = Target.load("gap8")
    assert [(bank.name, bank.kind, bank.origin, bank.bytes // KIB, bank.addressed) for bank in chip.memories] == [
        ("cluster_l1", "ram", 0x10000000, 64, False),
        ("fc_l1", "ram", 0x1B000000, 16, True),
        ("l2_code", "code", 0x1C000000, 64, True),
        ("l2", "ram", 0x1C010000, 448, True),
        ("hyperflash", "external", 0x40000000, 64 * KIB, False),
    ]
    assert (chip.gallery.sector_bytes, chip.gallery.unit_bytes) == (256 * KIB, 16)
    assert chip.gallery.seen(256 * KIB) == 32 * KIB
    assert (chip.timing.clock_hz, chip.features) == (250_000_000, {"rv32"})


def test_the_host_has_what_its_processor_has():
    assert Target.load("host").features == host_features()


@pytest.mark.parametrize("name", Target.names())
def test_every_rule_has_a_name_of_its_own_and_a_sentence(name):
    rules = Target.load(name).rules
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.sentence.endswith(".") for rule in rules)
    assert Target.load(name).rule("gallery_slots").value == 2
    assert Target.load(name).rule("no such rule") is None


@given(address=st.integers(0, 2**32 - 1), name=st.sampled_from(Target.names()))
def test_an_address_lies_in_the_one_mapped_bank_that_holds_it(address, name):
    target = Target.load(name)
    holding = [bank for bank in target.memories if bank.addressed and bank.origin <= address < bank.end]
    assert [target.memory_at(address)] == (holding or [None])


def test_the_template_is_a_target_but_is_not_listed():
    assert Target.read(TEMPLATE).name == "mychip"
    assert "TEMPLATE" not in Target.names()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clock_hz = 100_000_000", "clock_hz = 0", "field timing.clock_hz"),
        ("bytes = 131072", "bytes = 131000", "multiples of 1024"),
        ("origin = 0x20000000", "origin = 0x08000000", "memories flash and ram overlap"),
        ('stack = "ram"', 'stack = "dtcm"', "the memory dtcm"),
        ("unit_bytes = 8", "unit_bytes = 7", "multiple of unit_bytes"),
        ("unit_bytes = 8", 'unit_bytes = 8\ncopy = "ram"', "copy and copied_bytes are given together"),
        ("unit_bytes = 8", 'unit_bytes = 8\ncopy = "ram"\ncopied_bytes = 4096', "at most sector_bytes"),
        ('data = "ram"', 'data = "ram"\nweights = "flash"', "weights and window are named together"),
        ("sector_bytes = 2048", "sector_bytes = 49152", "whole number of sectors"),
        ("flash_wait_states = 3", "flash_waits = 3", "field timing.flash_waits: is not known"),
        ('kind = "cortex-m"', 'kind = "cortex-a"', "field kind"),
        ('title = "', "title = ", "is not a TOML file"),
    ],
)
def test_mistakes_in_a_file_are_named_in_one_line(tmp_path, old, new, message):
    text = TEMPLATE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "target.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=message) as caught:
        Target.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_names_say_what_there_is():
    with pytest.raises(UserError, match="choose one of gap8, host, max78000, nrf52840, stm32h743zi"):
        Target.load("stm32f407")
    with pytest.raises(UserError, match="has no memory sram9"):
        Target.load("stm32h743zi").memory("sram9")
    with pytest.raises(UserError, match="cannot be read"):
        Target.read(FOLDER / "nowhere.toml")


def test_the_template_names_every_field_that_the_shipped_targets_use():
    def keys(text: str) -> set[str]:
        return set(tomllib.loads(text))

    for name in Target.names():
        assert keys((FOLDER / name / "target.toml").read_text(encoding="utf-8")) <= keys(
            TEMPLATE.read_text(encoding="utf-8")
        )
