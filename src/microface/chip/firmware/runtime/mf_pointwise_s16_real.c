/* SPDX-License-Identifier: Apache-2.0
 * Pointwise and dense layers rounded as real numbers: [pixels][I] s16 -> [pixels][O] s16.
 */
#include "mf_real.h"
#include "mf_wide.h"

void mf_pointwise_s16_real(const mf_pointwise_s16_real_args *args, const int16_t *input, int16_t *output,
                           void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
        for (int32_t o = 0; o < args->output_channels; o++) {
            const int64_t sum = mf_dot_s16(input, args->weights + o * channels, channels, args->bias[o]);
            *output++ = (int16_t)mf_real_value(args, sum, o);
        }
        input += channels;
    }
}
