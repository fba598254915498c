/* SPDX-License-Identifier: Apache-2.0
 * TFLite's LOGISTIC and TANH of 16 bits: a table of the curve's upper half, straight between its points; the lower half
 * mirrors it. s16 -> s16. The output may be the input.
 */
#include "mf_kernels_s16.h"
#include "mf_requantise.h"

enum { LAST = 255 };

/* The curve at |x|, whose lower `bits` lie between two points, in 1 / 2^(16 + bits). */
static int32_t curve(const uint16_t *table, int32_t x, int32_t bits, int32_t saturated)
{
    const int32_t point = x >> bits;
    if (point >= LAST) {
        return saturated;
    }
    return (table[point] << bits) + (x & ((1 << bits) - 1)) * (table[point + 1] - table[point]);
}

/* In 1 / 2^15, from 1 / 2^25. */
static int16_t logistic(const uint16_t *table, int32_t x)
{
    const int32_t half = 1 << 9, value = curve(table, x < 0 ? -x : x, 9, 0x7fff << 10);
    return (int16_t)((x >= 0 ? value + half : (1 << 25) - value + half - 1) >> 10);
}

/* tanh(x) = 2 logistic(2x) - 1, in 1 / 2^15, from 1 / 2^24. */
static int16_t tanh_of(const uint16_t *table, int32_t x)
{
    const int32_t middle = 1 << 23, half = 1 << 7, value = curve(table, x < 0 ? -x : x, 8, 0xffff << 8);
    return (int16_t)((x >= 0 ? value - middle + half : -value + middle + half - 1) >> 8);
}

void mf_sigmoid_s16(const mf_sigmoid_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    const int32_t half = args->right > 0 ? 1 << (args->right - 1) : 0;
    for (int32_t i = 0; i < args->elements; i++) {
        const int32_t x = (input[i] * args->multiplier + half) >> args->right;
        output[i] = args->tanh ? tanh_of(args->table, x) : logistic(args->table, x);
    }
}
