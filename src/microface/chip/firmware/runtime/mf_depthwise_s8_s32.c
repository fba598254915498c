/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution that ends a network: [H][W][C] s8 -> the accumulators [OH][OW][C] s32.
 */
#include "mf_requantise.h"
#include "mf_window.h"

void mf_depthwise_s8_s32(const mf_depthwise_s8_s32_args *args, const int8_t *input, int32_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t top = y * args->stride_y - args->pad_top;
            const int32_t left = x * args->stride_x - args->pad_left;
            for (int32_t o = 0; o < args->output_channels; o++) {
                *output++ = mf_depthwise_sum(args, input, top, left, o);
            }
        }
    }
}
