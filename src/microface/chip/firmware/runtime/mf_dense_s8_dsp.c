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

void mf_dense_s8_dsp(const mf_dense_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    uint32_t *widened = scratch;
    widened[2 * args->groups - 2] = widened[2 * args->groups - 1] = 0;
    mf_dsp_widen_pixel(widened, input, args->inputs, 2);
    const int8_t *weights = args->weights;
    for (int32_t o = 0; o < args->outputs; o += 4) {
        int32_t sums[4];
        __builtin_memcpy(sums, args->bias + o, sizeof sums);
        dot4(weights, widened, args->groups, sums);
        weights += 16 * args->groups;
        for (int32_t i = 0; i < 4 && o + i < args->outputs; i++) {
            const int32_t value = mf_highmul(sums[i], args->multiplier[o + i], args->left[o + i]) + args->zero_point;
            output[o + i] = (int8_t)mf_clamp(value, args->lo, args->hi);
        }
    }
}
