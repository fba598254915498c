/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1, and dense as the case of one pixel: [pixels][I] s8 -> [pixels][O] s8, one rounding.
 */
#include "mf_dot.h"
#include "mf_kernels.h"
#include "mf_requantise.h"

void mf_pointwise_s8(const mf_pointwise_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            const int32_t sum = mf_dot_s8(input, args->weights + o * channels, channels, args->bias[o]);
            const int32_t factor = mf_factor(args->multiplier, args->below, o, sum);
            const int32_t value = mf_highmul(sum, factor, args->left[o]) + args->zero_point;
            *output++ = (int8_t)mf_clamp(value, args->lo, args->hi);
        }
        input += channels;
    }
}
