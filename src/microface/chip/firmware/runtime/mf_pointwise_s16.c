/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1: [pixels][I] s16 -> [pixels][O] s16.
 */
#include "mf_kernels_s16.h"
#include "mf_wide.h"

void mf_pointwise_s16(const mf_pointwise_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            const int64_t sum = mf_dot_s16(input, args->weights + o * channels, channels, args->bias[o]);
            *output++ = mf_wide_value(sum, args->multiplier[o], args->right[o], args->lo, args->hi);
        }
        input += channels;
    }
}
