/* SPDX-License-Identifier: Apache-2.0
 * TFLite's SOFTMAX of 16 bits over channels, in integers by two tables: [rows][C] s16 -> s16. The output may be the input.
 */
#include "mf_kernels_s16.h"
#include "mf_rescale.h"

/* The curve of 512 straight pieces at `x`, -32768 .. 32767. */
static int32_t look_up(const int16_t *table, int32_t x)
{
    const int16_t *point = table + 256 + (x >> 7);
    return point[0] + (((point[1] - point[0]) * (x & 0x7f) + 64) >> 7);
}

static int32_t largest_of(const int16_t *row, int32_t channels)
{
    int32_t largest = INT16_MIN;
    for (int32_t c = 0; c < channels; c++) {
        largest = row[c] > largest ? row[c] : largest;
    }
    return largest;
}

/* 1 / sum in 1/32768, times 2^(bits of the sum above 1): the sum, brought to 1 .. 2, less 1 spans the table. */
static int32_t reciprocal_of(const int16_t *table, int32_t sum, int32_t zeros)
{
    const int32_t scaled = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    return look_up(table, mf_clamp(scaled - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX));
}

/* Writes the exponentials of input - largest to `output`; returns their sum. */
static int32_t exponentials(const mf_softmax_s16_args *args, const int16_t *input, int16_t *output)
{
    const int32_t largest = largest_of(input, args->channels);
    int32_t sum = 0;
    for (int32_t c = 0; c < args->channels; c++) {
        const int32_t distance = mf_rescale(input[c] - largest, args->multiplier, args->shift);
        output[c] = (int16_t)look_up(args->exponentials, mf_clamp(distance + INT16_MAX, INT16_MIN, INT16_MAX));
        sum += output[c];
    }
    return sum;
}

void mf_softmax_s16(const mf_softmax_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t row = 0; row < args->rows; row++) {
        const int32_t sum = exponentials(args, input, output), zeros = __builtin_clz((uint32_t)sum);
        const int32_t reciprocal = reciprocal_of(args->reciprocals, sum, zeros), right = 31 - zeros;
        for (int32_t c = 0; c < args->channels; c++) {
            const int32_t share = (output[c] * reciprocal + (1 << (right - 1))) >> right;
            output[c] = (int16_t)mf_clamp(share, 0, INT16_MAX);
        }
        input += args->channels;
        output += args->channels;
    }
}
