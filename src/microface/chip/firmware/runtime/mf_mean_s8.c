/* SPDX-License-Identifier: Apache-2.0
 * The mean over all pixels, channel by channel: [pixels][C] s8 -> [C] s8, one rounding. The output may be the input.
 */
#include "mf_kernels.h"
#include "mf_requantise.h"

void mf_mean_s8(const mf_mean_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t c = 0; c < args->channels; c++) {
        int32_t sum = -args->pixels * args->input_zero_point;
        for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
            sum += input[pixel * args->channels + c];
        }
        const int32_t mean = mf_highmul(sum, args->multiplier, args->left);
        output[c] = (int8_t)mf_clamp(mean + args->zero_point, args->lo, args->hi);
    }
}
