/* SPDX-License-Identifier: Apache-2.0
 * Another size by four weighted neighbours, one rounding, halves away from zero: [H][W][C] s8 -> [OH][OW][C] s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

enum { ONE = 1024 };

static int32_t between(const mf_value *a, const mf_value *b, int32_t weight)
{
    return *a * (ONE - weight) + *b * weight;
}

void mf_resize_bilinear_s8(const mf_resize_bilinear_s8_args *args, const mf_value *input, mf_value *output,
                           void *scratch)
{
    (void)scratch;
    const int32_t pitch = args->input_width * args->channels;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int16_t *row = args->rows + 3 * y;
        const mf_value *top = input + row[0] * pitch, *bottom = input + row[1] * pitch;
        for (int32_t x = 0; x < args->output_width; x++) {
            const int16_t *column = args->columns + 3 * x;
            const int32_t left = column[0] * args->channels, right = column[1] * args->channels;
            for (int32_t c = 0; c < args->channels; c++) {
                const int32_t upper = between(top + left + c, top + right + c, column[2]);
                const int32_t lower = between(bottom + left + c, bottom + right + c, column[2]);
                const mf_weighted sum = (mf_weighted)upper * (ONE - row[2]) + (mf_weighted)lower * row[2];
                *output++ = (mf_value)((sum + (sum > 0 ? ONE * ONE / 2 : -ONE * ONE / 2)) / (ONE * ONE));
            }
        }
    }
}
