/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution or dense that ends a network: [pixels][I] s8 -> the accumulators [pixels][O] s32.
 */
#include "mf_dot.h"
#include "mf_kernels.h"

void mf_pointwise_s8_s32(const mf_pointwise_s8_s32_args *args, const int8_t *input, int32_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            *output++ = mf_dot_s8(input, args->weights + o * channels, channels, args->bias[o]);
        }
        input += channels;
    }
}
