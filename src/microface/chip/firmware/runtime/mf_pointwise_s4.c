/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1 with weights of 4 bits, and dense as the case of one pixel: [pixels][I] s8 ->
 * [pixels][O] s8, one rounding.
 */
#include "mf_kernels.h"
#include "mf_nibbles.h"
#include "mf_requantise.h"

void mf_pointwise_s4(const mf_pointwise_s4_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels, row_bytes = (channels + 1) / 2;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            const int32_t sum = mf_dot_s4(input, args->nibbles + o * row_bytes, channels, args->bias[o]);
            const int32_t factor = mf_factor(args->multiplier, args->below, o, sum);
            const int32_t value = mf_highmul(sum, factor, args->left[o]) + args->zero_point;
            *output++ = (int8_t)mf_clamp(value, args->lo, args->hi);
        }
        input += channels;
    }
}
