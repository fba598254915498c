/* SPDX-License-Identifier: Apache-2.0
 * TFLite's mean over any axes: [H][W][C] s8 -> a size of 1 in the place of every summed axis.
 */
#include "mf_kernels_tflite.h"
#include "mf_rescale.h"

static int8_t mean_of(const mf_reduce_mean_s8_tflite_args *args, const int8_t *first)
{
    int32_t sum = -args->offset;
    for (int32_t y = 0; y < args->rows; y++) {
        for (int32_t x = 0; x < args->columns; x++) {
            for (int32_t c = 0; c < args->depth; c++) {
                sum += first[y * args->row + x * args->column + c];
            }
        }
    }
    const int32_t mean = mf_rescale(sum, args->multiplier, args->shift) + args->zero_point;
    return (int8_t)mf_clamp(mean, INT8_MIN, INT8_MAX);
}

void mf_reduce_mean_s8_tflite(const mf_reduce_mean_s8_tflite_args *args, const int8_t *input, int8_t *output,
                              void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            for (int32_t c = 0; c < args->output_channels; c++) {
                *output++ = mean_of(args, input + y * args->step_row + x * args->step_column + c * args->step_channel);
            }
        }
    }
}
