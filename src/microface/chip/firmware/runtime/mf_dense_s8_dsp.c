/* SPDX-License-Identifier: Apache-2.0
 * Dense layer on Armv7E-M: [I] s8 -> [O] s8, one rounding. Four outputs at a time, weights read once from flash.
 *
 * Scratch: 2 * groups words, the input widened to 16-bit pairs.
 */
#include "mf_dsp.h"
#include "mf_dsp_matrix.h"
#include "mf_requantise.h"

#define ROW(sum, word)                     \
    "sxtb16 r3, " word "\n"                \
    "smlad " sum ", r3, r12, " sum "\n"    \
    "sxtb16 r3, " word ", ror #8\n"        \
    "smlad " sum ", r3, lr, " sum "\n"

#define GROUP                              \
    "ldmia r0!, {r8-r11}\n"                \
    "ldmia r1!, {r12, lr}\n"               \
    ROW("r4", "r8") ROW("r5", "r9") ROW("r6", "r10") ROW("r7", "r11")

#define ROW_OF_NIBBLES(sum, word)          \
    "uxtab16 r9, r11, " word "\n"          \
    "smlad " sum ", r9, r12, " sum "\n"    \
    "uxtab16 r9, r11, " word ", ror #8\n"  \
    "smlad " sum ", r9, lr, " sum "\n"

/* r10 masks nibbles, r11 holds -8 twice. */
#define TWO_ROWS(first, second)            \
    "ldr r8, [r0], #4\n"                   \
    "and r3, r10, r8\n"                    \
    "and r8, r10, r8, lsr #4\n"            \
    ROW_OF_NIBBLES(first, "r3") ROW_OF_NIBBLES(second, "r8")

#define GROUP_OF_NIBBLES                   \
    "ldmia r1!, {r12, lr}\n"               \
    TWO_ROWS("r4", "r5") TWO_ROWS("r6", "r7")

/* Adds four rows' products with `groups` of the widened input to four sums; groups is even. */
__attribute__((naked)) static void dot4(const int8_t *weights __attribute__((unused)),
                                        const uint32_t *input __attribute__((unused)),
                                        int32_t groups __attribute__((unused)),
                                        int32_t *sums __attribute__((unused)))
{
    __asm__(
        "push {r3-r11, lr}\n"
        "ldmia r3, {r4-r7}\n"
        "1:\n"
        GROUP
        GROUP
        "subs r2, #2\n"
        "bne 1b\n"
        "pop {r3}\n"
        "stmia r3, {r4-r7}\n"
        "pop {r4-r11, pc}\n");
}

/* The same with weights of 4 bits. */
__attribute__((naked)) static void dot4_nibbles(const uint8_t *nibbles __attribute__((unused)),
                                                const uint32_t *input __attribute__((unused)),
                                                int32_t groups __attribute__((unused)),
                                                int32_t *sums __attribute__((unused)))
{
    __asm__(
        "push {r3-r11, lr}\n"
        "ldmia r3, {r4-r7}\n"
        "mov r10, #0x0f0f0f0f\n"
        "movw r11, #0xfff8\n"
        "movt r11, #0xfff8\n"
        "1:\n"
        GROUP_OF_NIBBLES
        GROUP_OF_NIBBLES
        "subs r2, #2\n"
        "bne 1b\n"
        "pop {r3}\n"
        "stmia r3, {r4-r7}\n"
        "pop {r4-r11, pc}\n");
}

void mf_dense_s8_dsp(const mf_dense_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    uint32_t *widened = scratch;
    widened[2 * args->groups - 2] = widened[2 * args->groups - 1] = 0;
    mf_dsp_widen_pixel(widened, input, args->inputs, 2);
    for (int32_t o = 0; o < args->outputs; o += 4) {
        int32_t sums[4];
        __builtin_memcpy(sums, args->bias + o, sizeof sums);
        if (args->nibbles) {
            dot4_nibbles(args->nibbles + 2 * o * args->groups, widened, args->groups, sums);
        } else {
            dot4(args->weights + 4 * o * args->groups, widened, args->groups, sums);
        }
        for (int32_t i = 0; i < 4 && o + i < args->outputs; i++) {
            const int32_t factor = mf_factor(args->multiplier, MF_BELOW(args), o + i, sums[i]);
            const int32_t value = mf_highmul(sums[i], factor, args->left[o + i]) + args->zero_point;
            output[o + i] = (int8_t)mf_clamp(value, args->lo, args->hi);
        }
    }
}
