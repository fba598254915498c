/* SPDX-License-Identifier: Apache-2.0
 * Sum of two tensors on Armv7E-M: s8, s8 -> s8; both products and the sum are one SMLAD. Four values at a time.
 * The output may be one of the inputs.
 */
#include "mf_dsp.h"
#include "mf_kernels_dsp.h"

/* The lower halves of a and b, side by side. */
static inline uint32_t lower(uint32_t a, uint32_t b)
{
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(a), "r"(b));
    return pair;
}

/* The upper halves of a and b, side by side. */
static inline uint32_t upper(uint32_t a, uint32_t b)
{
    uint32_t pair;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(b), "r"(a));
    return pair;
}

static inline int8_t sum_of(const mf_add_s8_dsp_args *args, uint32_t factors, uint32_t pair)
{
    return mf_dsp_saturate(mf_dsp_smlad(pair, factors, args->c) >> args->shift);
}

void mf_add_s8_dsp(const mf_add_s8_dsp_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch)
{
    (void)scratch;
    const mf_add_s8_dsp_args copy = *args; /* in registers: the output might otherwise alias it */
    const uint32_t factors = (uint32_t)copy.ma | (uint32_t)copy.mb << 16;
    int32_t i = 0;
    for (; i + 4 <= copy.elements; i += 4) {
        const uint32_t four_a = mf_dsp_load(a + i), four_b = mf_dsp_load(b + i);
        const uint32_t a02 = mf_dsp_even(four_a), a13 = mf_dsp_odd(four_a);
        const uint32_t b02 = mf_dsp_even(four_b), b13 = mf_dsp_odd(four_b);
        output[i] = sum_of(&copy, factors, lower(a02, b02));
        output[i + 1] = sum_of(&copy, factors, lower(a13, b13));
        output[i + 2] = sum_of(&copy, factors, upper(a02, b02));
        output[i + 3] = sum_of(&copy, factors, upper(a13, b13));
    }
    for (; i < copy.elements; i++) {
        output[i] = mf_dsp_saturate((a[i] * copy.ma + b[i] * copy.mb + copy.c) >> copy.shift);
    }
    mf_dsp_clamp(output, copy.elements, copy.lo, copy.hi);
}
