/* SPDX-License-Identifier: Apache-2.0
 * Slices, strides and transpositions: values from regular places -> [H][W][C] s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

void mf_gather_s8(const mf_gather_s8_args *args, const mf_value *input, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->height; y++) {
        for (int32_t x = 0; x < args->width; x++) {
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = input[args->begin + y * args->row + x * args->column + c * args->channel];
            }
        }
    }
}
