/* SPDX-License-Identifier: Apache-2.0
 * Channels of two tensors side by side on Armv7E-M, sixteen bytes at a time: [pixels][A] s8, [pixels][B] s8 ->
 * [pixels][A + B] s8; A and B multiples of 4, all tensors aligned to 4.
 * Bytes are moved in rising order, so that a byte of an overlapped input is read before it is written over.
 */
#include "mf_kernels_concat.h"

/* Move `words` words up to `*output`, which is set behind them; return the place behind those that were read. */
static inline const int8_t *move(int8_t **output, const int8_t *input, int32_t words)
{
    int8_t *to = *output;
    for (; words >= 4; words -= 4) {
        __asm__ volatile("ldmia %0!, {r4, r5, r6, r8}\n\tstmia %1!, {r4, r5, r6, r8}"
                         : "+r"(input), "+r"(to)
                         :
                         : "r4", "r5", "r6", "r8", "memory");
    }
    for (; words > 0; words--) {
        __asm__ volatile("ldr r4, [%0], #4\n\tstr r4, [%1], #4" : "+r"(input), "+r"(to) : : "r4", "memory");
    }
    *output = to;
    return input;
}

void mf_concat_s8_dsp(const mf_concat_s8_dsp_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                      void *scratch)
{
    (void)scratch;
    const int32_t words_a = args->channels_a / 4, words_b = args->channels_b / 4;
    for (int32_t pixels = args->pixels; pixels > 0; pixels--) {
        a = move(&output, a, words_a);
        b = move(&output, b, words_b);
    }
}
