/* SPDX-License-Identifier: Apache-2.0
 * TFLite's softmax over channels, the one kernel in float32, since that is how TFLite defines it: [rows][C] s8 -> s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_requantise.h"

_Static_assert(sizeof(float) == sizeof(uint32_t), "float must be IEEE 754 single precision");

static float real(uint32_t bits)
{
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, halves to even; 0 <= value < 2^22. */
static int32_t nearest(float value)
{
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    return whole + (rest > 0.5F || (rest == 0.5F && (whole & 1)));
}

static int32_t largest_of(const int8_t *row, int32_t channels)
{
    int32_t largest = INT8_MIN;
    for (int32_t c = 0; c < channels; c++) {
        largest = row[c] > largest ? row[c] : largest;
    }
    return largest;
}

void mf_softmax_s8_tflite(const mf_softmax_s8_tflite_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const float scale = real(args->scale);
    for (int32_t row = 0; row < args->rows; row++) {
        const int32_t largest = largest_of(input, args->channels);
        float sum = 0.0F;
        for (int32_t c = 0; c < args->channels; c++) {
            sum += real(args->table[largest - input[c]]);
        }
        const float total = sum * scale, inverse = 1.0F / total;
        for (int32_t c = 0; c < args->channels; c++) {
            const float share = real(args->table[largest - input[c]]) * inverse;
            output[c] = (int8_t)mf_clamp(nearest(share) + args->zero_point, INT8_MIN, INT8_MAX);
        }
        input += args->channels;
        output += args->channels;
    }
}
