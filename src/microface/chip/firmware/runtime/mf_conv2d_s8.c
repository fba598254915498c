/* SPDX-License-Identifier: Apache-2.0
 * Convolution, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding.
 */
#include "mf_requantise.h"
#include "mf_window.h"

void mf_conv2d_s8(const mf_conv2d_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t top = y * args->stride_y - args->pad_top;
            const int32_t left = x * args->stride_x - args->pad_left;
            for (int32_t o = 0; o < args->output_channels; o++) {
                const int32_t sum = mf_conv2d_sum(args, input, top, left, o);
                const int32_t factor = mf_factor(args->multiplier, args->below, o, sum);
                const int32_t value = mf_highmul(sum, factor, args->left[o]) + args->zero_point;
                *output++ = (int8_t)mf_clamp(value, args->lo, args->hi);
            }
        }
    }
}
