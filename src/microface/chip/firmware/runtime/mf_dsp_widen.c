/* SPDX-License-Identifier: Apache-2.0
 * Bytes to 16-bit pairs on Armv7E-M, see mf_dsp_widen.h.
 */
#include "mf_dsp_widen.h"

#define WIDEN_GROUP(even, odd)          \
    "sxtb16 r7, " even "\n"             \
    "sxtb16 r8, " even ", ror #8\n"     \
    "sxtb16 r9, " odd "\n"              \
    "sxtb16 r10, " odd ", ror #8\n"     \
    "stmia r0!, {r7-r10}\n"

/* r2 groups to go after this chunk, r12 groups to go in it. */
__attribute__((naked)) uint32_t *mf_dsp_widen_weights(uint32_t *panel __attribute__((unused)),
                                                      const int8_t *weights __attribute__((unused)),
                                                      int32_t groups __attribute__((unused)))
{
    __asm__(
        "push {r4-r10}\n"
        "sub r12, r2, #1\n"
        "and r12, r12, #7\n"
        "add r12, r12, #1\n" /* the first chunk is the short one */
        "1:\n"
        "sub r2, r12\n"
        "tst r12, #1\n"
        "beq 2f\n"
        "ldmia r1!, {r3, r4}\n"
        WIDEN_GROUP("r3", "r4")
        "subs r12, #1\n"
        "beq 3f\n"
        "2:\n"
        "ldmia r1!, {r3-r6}\n"
        WIDEN_GROUP("r3", "r4")
        WIDEN_GROUP("r5", "r6")
        "subs r12, #2\n"
        "bne 2b\n"
        "3:\n"
        "cmp r2, #0\n"
        "ite eq\n"
        "moveq r3, #0\n"
        "movne r3, #1\n"
        "str r3, [r0], #4\n"
        "mov r12, #8\n"
        "bne 1b\n"
        "pop {r4-r10}\n"
        "bx lr\n");
}

/* Nibbles of `word` less 8: r11 masks, r12 holds -8 twice. */
#define WIDEN_NIBBLES(word)             \
    "and r6, r11, " word "\n"           \
    "and " word ", r11, " word ", lsr #4\n" \
    "uxtab16 r7, r12, r6\n"             \
    "uxtab16 r8, r12, r6, ror #8\n"     \
    "uxtab16 r9, r12, " word "\n"       \
    "uxtab16 r10, r12, " word ", ror #8\n" \
    "stmia r0!, {r7-r10}\n"

/* r2 groups to go after this chunk, r5 groups to go in it. */
__attribute__((naked)) uint32_t *mf_dsp_widen_nibbles(uint32_t *panel __attribute__((unused)),
                                                      const uint8_t *nibbles __attribute__((unused)),
                                                      int32_t groups __attribute__((unused)))
{
    __asm__(
        "push {r4-r11}\n"
        "mov r11, #0x0f0f0f0f\n"
        "movw r12, #0xfff8\n"
        "movt r12, #0xfff8\n"
        "sub r5, r2, #1\n"
        "and r5, r5, #7\n"
        "add r5, r5, #1\n" /* the first chunk is the short one */
        "1:\n"
        "sub r2, r5\n"
        "tst r5, #1\n"
        "beq 2f\n"
        "ldr r3, [r1], #4\n"
        WIDEN_NIBBLES("r3")
        "subs r5, #1\n"
        "beq 3f\n"
        "2:\n"
        "ldmia r1!, {r3, r4}\n"
        WIDEN_NIBBLES("r3")
        WIDEN_NIBBLES("r4")
        "subs r5, #2\n"
        "bne 2b\n"
        "3:\n"
        "cmp r2, #0\n"
        "ite eq\n"
        "moveq r3, #0\n"
        "movne r3, #1\n"
        "str r3, [r0], #4\n"
        "mov r5, #8\n"
        "bne 1b\n"
        "pop {r4-r11}\n"
        "bx lr\n");
}

#define WIDEN_TWO(a, b)                 \
    "sxtb16 r8, " a "\n"                \
    "sxtb16 r9, " a ", ror #8\n"        \
    "sxtb16 r10, " b "\n"               \
    "sxtb16 r11, " b ", ror #8\n"       \
    "stmia r0!, {r8-r11}\n"

/* r3 groups to go. */
__attribute__((naked)) uint32_t *mf_dsp_widen_two(uint32_t *panel __attribute__((unused)),
                                                  const int8_t *a __attribute__((unused)),
                                                  const int8_t *b __attribute__((unused)),
                                                  int32_t groups __attribute__((unused)))
{
    __asm__(
        "push {r4-r11}\n"
        "tst r3, #1\n"
        "beq 1f\n"
        "ldr r4, [r1], #4\n"
        "ldr r6, [r2], #4\n"
        WIDEN_TWO("r4", "r6")
        "subs r3, #1\n"
        "beq 2f\n"
        "1:\n"
        "ldr r4, [r1], #4\n"
        "ldr r5, [r1], #4\n"
        "ldr r6, [r2], #4\n"
        "ldr r7, [r2], #4\n"
        WIDEN_TWO("r4", "r6")
        WIDEN_TWO("r5", "r7")
        "subs r3, #2\n"
        "bne 1b\n"
        "2:\n"
        "pop {r4-r11}\n"
        "bx lr\n");
}

/* r3 words, r4 step, r5 rows to go, r6 pitch, r7 rest, r8 rests, r9 cells of the row, r10 to go in it. */
__attribute__((naked)) uint32_t *mf_dsp_widen_rows(uint32_t *panel __attribute__((unused)),
                                                   const int8_t *cells __attribute__((unused)),
                                                   const mf_dsp_window *window __attribute__((unused)))
{
    __asm__(
        "push {r4-r11}\n"
        "ldmia r2, {r3-r8}\n"
        "1:\n"
        "mov r9, r1\n"
        "movs r10, r3\n"
        "beq 3f\n"
        "2:\n"
        "ldr r11, [r9], #4\n"
        "subs r10, #1\n"
        "sxtb16 r2, r11\n"
        "sxtb16 r12, r11, ror #8\n"
        "strd r2, r12, [r0]\n"
        "add r0, r4\n"
        "bne 2b\n"
        "3:\n"
        "movs r10, r7\n"
        "beq 5f\n"
        "4:\n"
        "ldrb r11, [r9], #1\n"
        "strb r11, [r8], #1\n"
        "subs r10, #1\n"
        "bne 4b\n"
        "5:\n"
        "add r1, r6\n"
        "subs r5, #1\n"
        "bne 1b\n"
        "pop {r4-r11}\n"
        "bx lr\n");
}
