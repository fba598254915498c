/* SPDX-License-Identifier: Apache-2.0
 * TFLite's PRELU: another slope below zero: [H][W][C] s8 -> the same shape. The output may be the input.
 */
#include "mf_kernels_tflite.h"
#include "mf_rescale.h"
#include "mf_value.h"

void mf_prelu_s8_tflite(const mf_prelu_s8_tflite_args *args, const mf_value *input, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->height; y++) {
        for (int32_t x = 0; x < args->width; x++) {
            for (int32_t c = 0; c < args->channels; c++) {
                const int32_t value = *input++ - args->input_zero_point;
                const int32_t place = y * args->slope_row + x * args->slope_column + c * args->slope_channel;
                const int32_t result = value >= 0
                                           ? mf_rescale(value, args->above, args->above_shift)
                                           : mf_rescale(value * args->slopes[place], args->below, args->below_shift);
                *output++ = (mf_value)mf_clamp(result + args->zero_point, MF_LOWEST, MF_HIGHEST);
            }
        }
    }
}
