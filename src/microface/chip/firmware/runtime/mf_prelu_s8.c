/* SPDX-License-Identifier: Apache-2.0
 * Another slope below zero for each channel: [pixels][C] s8 -> the same shape and scale, halves up.
 * The output may be the input.
 */
#include "mf_kernels.h"
#include "mf_requantise.h"

void mf_prelu_s8(const mf_prelu_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i += args->period) {
        for (int32_t c = 0; c < args->period; c++) {
            const int32_t value = *input++ - args->zero_point;
            const int32_t bent = value < 0 ? (value * args->slopes[c] + (1 << 13)) >> 14 : value;
            *output++ = (int8_t)mf_clamp(bent + args->zero_point, INT8_MIN, INT8_MAX);
        }
    }
}
