"""Cycles of an M4 by kinds of instructions."""

import numpy as np
import pytest

from microface.chip.devices.cycles import Kind, cycles, kind_of


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((0x4611, 0), Kind()),  # mov r1, r2
        ((0x6808, 0), Kind(1, 2)),  # ldr r0, [r1]
        ((0x5C40, 0), Kind(1, 2)),  # ldrb r0, [r0, r1]
        ((0x4801, 0), Kind(1, 2)),  # ldr r0, [pc, #4]
        ((0xC80F, 0), Kind(5, 5)),  # ldm r0!, {r0-r3}
        ((0xB5F0, 0), Kind(6, 6)),  # push {r4-r7, lr}
        ((0xBDF0, 0), Kind(6, 6, must_branch=True)),  # pop {r4-r7, pc}
        ((0xBF08, 0), Kind()),  # it eq
        ((0xB108, 0), Kind(may_branch=True)),  # cbz r0
        ((0xD1FE, 0), Kind(may_branch=True)),  # bne
        ((0xDF00, 0), Kind()),  # svc
        ((0xE7FE, 0), Kind(must_branch=True)),  # b
        ((0x4770, 0), Kind(must_branch=True)),  # bx lr
        ((0xE8B1, 0x003C), Kind(5, 5)),  # ldmia.w r1!, {r2-r5}
        ((0xE8BD, 0x8FF0), Kind(10, 10, must_branch=True)),  # pop.w {r4-r11, pc}
        ((0xE9D0, 0x1200), Kind(3, 3)),  # ldrd r1, r2, [r0]
        ((0xF851, 0x2B04), Kind(1, 2)),  # ldr.w r2, [r1], #4
        ((0xF47F, 0xAFFE), Kind(may_branch=True)),  # bne.w
        ((0xF000, 0xF800), Kind(must_branch=True)),  # bl
        ((0xF3BF, 0x8F4F), Kind()),  # dsb
        ((0xFB20, 0x0102), Kind()),  # smlad-family: one cycle
        ((0xFB00, 0x3002), Kind(2, 2)),  # mla r0, r0, r2, r3
        ((0xFB00, 0xF002), Kind()),  # mul r0, r0, r2
        ((0xFB90, 0xF0F1), Kind(2, 12)),  # sdiv r0, r0, r1
    ],
)
def test_kinds_as_in_the_manual(words: tuple[int, int], wanted: Kind) -> None:
    assert kind_of(*words) == wanted


def test_a_loop_of_ten_rounds() -> None:
    """subs r0, #1; bne back; bx lr: ten rounds, nine branches taken."""
    code = bytes.fromhex("0138 fdd1 7047".replace(" ", ""))
    addresses, runs = np.array([100, 102, 104]), np.array([10, 10, 1])
    assert cycles(addresses, runs, code, 100, 0) == (21 + 9 + 1, 21 + 3 * 10 + 3)
    assert cycles(addresses, runs, code, 100, 2) == (21 + 9 + 1, 21 + 5 * 10 + 5)
