import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microface.chip.devices.emulator import EmulatedChip
from microface.chip.devices.faults import ChipFault, PowerCut
from microface.errors import UserError


class Gallery:
    """The two port functions of a chip, called as firmware calls them."""

    def __init__(self, chip: EmulatedChip) -> None:
        self.chip, self.unit = chip, chip.flash.unit_bytes
        self.sector = chip.target.gallery.seen(chip.flash.sector_bytes)
        self.start, self.end = chip.address("mf_gallery_start"), chip.address("mf_gallery_end")

    def in_flash(self, address: int) -> int:
        """Where the byte that the core reads at `address` is kept."""
        sector, offset = divmod(address - self.start, self.sector)
        return self.chip.address("mf_gallery_flash_start") + sector * self.chip.flash.sector_bytes + offset

    def read(self, address: int, size: int) -> bytes:
        """What flash holds of whole sectors, or of a part of one."""
        parts = [(at, min(self.sector, address + size - at)) for at in range(address, address + size, self.sector)]
        return b"".join(self.chip.read(self.in_flash(at), count) for at, count in parts)

    def erase(self, address: int) -> int:
        return self.chip.call("mf_port_erase", address)

    def program(self, address: int, data: bytes) -> int:
        place = self.chip.address("mf_arena_start")
        self.chip.write(place, data)
        return self.chip.call("mf_port_program", address, place)

    def text(self, number: int) -> bytes:
        return bytes((number + index) % 256 for index in range(self.unit))

    def fill(self, sector: int) -> bytes:
        """Program a whole sector and return what it holds; only its first units differ from one another."""
        data = (self.text(1) * (self.sector // self.unit))[: self.sector]
        self.chip.flash.store(self.in_flash(sector), data)
        return data


@pytest.fixture
def gallery(chip: EmulatedChip) -> Gallery:
    return Gallery(chip)


def test_the_gallery_is_two_slots_of_whole_sectors_at_the_end_of_flash(gallery):
    assert gallery.end - gallery.start == 2 * gallery.sector
    flash = gallery.chip.target.memory(gallery.chip.target.gallery.memory)
    assert gallery.in_flash(gallery.end) == flash.end
    assert gallery.read(gallery.start, 2 * gallery.sector) == b"\xff" * 2 * gallery.sector


def test_units_are_programmed_and_erased_by_sectors(gallery):
    second = gallery.start + gallery.sector
    for place in (gallery.start, second, second + gallery.unit):
        assert gallery.program(place, gallery.text(place & 255)) == 0
    assert gallery.erase(second) == 0
    assert gallery.read(gallery.start, gallery.unit) == gallery.text(gallery.start & 255)
    assert gallery.read(second, gallery.sector) == b"\xff" * gallery.sector


def test_a_unit_is_programmed_once_after_each_erase(gallery):
    gallery.program(gallery.start, gallery.text(0))
    port = {"flash": "mf_port_program.*gallery in flash", "external": "mf_flash_program.*hyperflash"}
    kind = gallery.chip.target.memory(gallery.chip.target.gallery.memory).kind
    with pytest.raises(ChipFault, match=f"flash unit programmed without an erase in {port[kind]}"):
        gallery.program(gallery.start, gallery.text(0))
    assert gallery.erase(gallery.start) == 0
    assert gallery.program(gallery.start, gallery.text(7)) == 0
    assert gallery.read(gallery.start, gallery.unit) == gallery.text(7)


def test_wrong_places_fault(gallery):
    with pytest.raises(ChipFault, match="flash sector outside the gallery"):
        gallery.erase(gallery.start - gallery.sector)
    with pytest.raises(ChipFault, match="flash sector not aligned"):
        gallery.erase(gallery.start + gallery.unit)
    with pytest.raises(ChipFault, match="flash unit not aligned"):
        gallery.program(gallery.start + 1, gallery.text(0))
    with pytest.raises(ChipFault, match="flash unit outside the gallery"):
        gallery.program(gallery.end, gallery.text(0))
    assert gallery.chip.flash.calls == 0


def test_flash_outlives_a_reset(gallery):
    gallery.program(gallery.start, gallery.text(3))
    gallery.chip.reset()
    assert gallery.read(gallery.start, gallery.unit) == gallery.text(3)
    with pytest.raises(ChipFault, match="programmed without an erase"):
        gallery.program(gallery.start, gallery.text(3))


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_power_is_cut_right_after_a_call(gallery, calls):
    gallery.chip.flash.cut_power_after(calls)
    with pytest.raises(PowerCut, match=f"after {calls} flash calls"):
        for number in range(5):
            gallery.program(gallery.start + number * gallery.unit, gallery.text(number))
    with pytest.raises(UserError, match="has no power"):
        gallery.chip.call("next_number")
    gallery.chip.reset()
    for number in range(5):
        expected = gallery.text(number) if number < calls else b"\xff" * gallery.unit
        assert gallery.read(gallery.start + number * gallery.unit, gallery.unit) == expected
    assert gallery.program(gallery.start + 5 * gallery.unit, gallery.text(5)) == 0


def test_power_that_is_off_at_once_lets_nothing_happen(gallery):
    gallery.chip.flash.cut_power_after(0)
    with pytest.raises(PowerCut):
        gallery.program(gallery.start, gallery.text(0))
    assert gallery.read(gallery.start, gallery.unit) == b"\xff" * gallery.unit


def test_power_cut_inside_an_erase_leaves_bits_old_or_erased(gallery):
    old = gallery.fill(gallery.start)
    gallery.chip.flash.cut_power_after(1, inside_erase=True)
    gallery.program(gallery.start + gallery.sector, gallery.text(9))
    gallery.program(gallery.start + gallery.sector + gallery.unit, gallery.text(9))
    with pytest.raises(PowerCut):
        gallery.erase(gallery.start)
    gallery.chip.reset()
    now = gallery.read(gallery.start, gallery.sector)
    assert now not in (old, b"\xff" * gallery.sector)
    assert all(new & before == before for new, before in zip(now, old, strict=True))
    with pytest.raises(ChipFault, match="programmed without an erase"):
        gallery.program(gallery.start, gallery.text(0))
    assert gallery.erase(gallery.start) == 0
    assert gallery.program(gallery.start, gallery.text(0)) == 0


def test_a_negative_number_of_calls_is_refused(gallery):
    with pytest.raises(UserError, match="is below 0"):
        gallery.chip.flash.cut_power_after(-1)


def test_what_a_debug_probe_stores_must_be_erased_too(gallery):
    data = bytes(range(200))
    gallery.chip.flash.store(gallery.in_flash(gallery.start), data)
    assert gallery.read(gallery.start, 200) == data
    with pytest.raises(ChipFault, match="programmed without an erase"):
        gallery.program(gallery.start, gallery.text(0))
    free = gallery.start + -(-len(data) // gallery.unit) * gallery.unit
    assert gallery.program(free, gallery.text(0)) == 0


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_flash_is_what_a_list_of_bytes_says_it_is(target, elf, data):
    gallery = Gallery(EmulatedChip(target, elf))
    model = bytearray(b"\xff" * (gallery.end - gallery.start))
    free = set(range(0, len(model), gallery.unit))
    near = st.integers(0, 3).map(lambda number: number * gallery.unit)
    for _ in range(data.draw(st.integers(1, 8))):
        sector = data.draw(st.sampled_from([0, gallery.sector]))
        place = sector + data.draw(near)
        if data.draw(st.booleans()):
            gallery.erase(gallery.start + sector)
            model[sector : sector + gallery.sector] = b"\xff" * gallery.sector
            free |= set(range(sector, sector + gallery.sector, gallery.unit))
        elif place in free:
            text = data.draw(st.binary(min_size=gallery.unit, max_size=gallery.unit))
            gallery.program(gallery.start + place, text)
            model[place : place + gallery.unit] = text
            free.remove(place)
    assert gallery.read(gallery.start, len(model)) == bytes(model)


def test_where_the_core_reads_a_copy_it_has_what_the_flash_has(gallery):
    if not gallery.chip.target.gallery.copy_in:
        assert gallery.in_flash(gallery.start) == gallery.start
        return
    second = gallery.start + gallery.sector
    for place in (gallery.start, second + 3 * gallery.unit):
        gallery.program(place, gallery.text(place & 127))
        assert gallery.chip.read(place, gallery.unit) == gallery.text(place & 127)
    gallery.chip.reset()
    gallery.chip.call("mf_people_copy")
    assert gallery.chip.read(gallery.start, 2 * gallery.sector) == gallery.read(gallery.start, 2 * gallery.sector)
    gallery.erase(second)
    assert gallery.chip.read(second, gallery.sector) == b"\xff" * gallery.sector
