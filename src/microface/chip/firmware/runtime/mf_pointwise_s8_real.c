/* SPDX-License-Identifier: Apache-2.0
 * Pointwise and dense layers rounded as real numbers: [pixels][I] s8 -> [pixels][O] s8.
 */
#include "mf_real.h"

static int64_t dot(const int8_t *x, const int8_t *w, int32_t length, int64_t sum)
{
    for (int32_t i = 0; i < length; i++) {
        sum += x[i] * w[i];
    }
    return sum;
}

void mf_pointwise_s8_real(const mf_pointwise_s8_real_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            const int64_t sum = dot(input, args->weights + o * channels, channels, args->bias[o]);
            *output++ = (int8_t)mf_real_value(args, sum, o);
        }
        input += channels;
    }
}
