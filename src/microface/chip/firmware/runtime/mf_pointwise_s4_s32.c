/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution or dense with weights of 4 bits that ends a network: [pixels][I] s8 -> the accumulators [pixels][O] s32.
 */
#include "mf_kernels.h"
#include "mf_nibbles.h"

void mf_pointwise_s4_s32(const mf_pointwise_s4_s32_args *args, const int8_t *input, int32_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels, row_bytes = (channels + 1) / 2;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            *output++ = mf_dot_s4(input, args->nibbles + o * row_bytes, channels, args->bias[o]);
        }
        input += channels;
    }
}
