/* SPDX-License-Identifier: Apache-2.0
 * TFLite's sum or difference of two tensors, one of which may be stretched: s8, s8 -> [H][W][C] s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_binary_tflite.h"
#include "mf_value.h"

void mf_sum_s8_tflite(const mf_sum_s8_tflite_args *args, const mf_value *a, const mf_value *b, mf_value *output,
                      void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->height; y++) {
        for (int32_t x = 0; x < args->width; x++) {
            for (int32_t c = 0; c < args->channels; c++) {
                const int32_t first = a[mf_a_place(args, y, x, c)] - args->first_zero_point;
                const int32_t second = b[mf_b_place(args, y, x, c)] - args->second_zero_point;
                *output++ = mf_sum_value(args, first, second);
            }
        }
    }
}
