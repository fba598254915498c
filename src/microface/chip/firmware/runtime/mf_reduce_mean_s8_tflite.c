/* SPDX-License-Identifier: Apache-2.0
 * TFLite's mean over any axes: [H][W][C] s8 -> a size of 1 in the place of every summed axis.
 */
#include "mf_kernels_tflite.h"
#include "mf_rescale.h"
#include "mf_value.h"

static mf_value mean_of(const mf_reduce_mean_s8_tflite_args *args, const mf_value *first)
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
    return (mf_value)mf_clamp(mean, MF_LOWEST, MF_HIGHEST);
}

void mf_reduce_mean_s8_tflite(const mf_reduce_mean_s8_tflite_args *args, const mf_value *input, mf_value *output,
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
