/* SPDX-License-Identifier: Apache-2.0
 * The mean over all pixels on Armv7E-M: [pixels][C] s8 -> [C] s8, one rounding; sums of four channels at a time in
 * halves of two words. The output may be the input.
 */
#include "mf_dsp.h"
#include "mf_kernels_dsp.h"
#include "mf_requantise.h"

enum { MOST = 255 }; /* pixels whose sum fits a half */

static int8_t mean_of(const mf_mean_s8_dsp_args *args, int32_t sum)
{
    const int32_t centred = sum - args->pixels * args->input_zero_point;
    const int32_t mean = mf_highmul(centred, args->multiplier, args->left);
    return (int8_t)mf_clamp(mean + args->zero_point, args->lo, args->hi);
}

/* Sums of four channels over all pixels. */
static void sum_four(const mf_mean_s8_dsp_args *args, const int8_t *input, int32_t sums[4])
{
    const int32_t channels = args->channels;
    for (int32_t left = args->pixels; left > 0; left -= MOST) {
        uint32_t even = 0, odd = 0;
        for (int32_t i = left < MOST ? left : MOST; i > 0; i--) {
            const uint32_t word = mf_dsp_load(input);
            even = mf_dsp_add_even(even, word);
            odd = mf_dsp_add_odd(odd, word);
            input += channels;
        }
        sums[0] += (int16_t)even;
        sums[1] += (int16_t)odd;
        sums[2] += (int32_t)even >> 16;
        sums[3] += (int32_t)odd >> 16;
    }
}

void mf_mean_s8_dsp(const mf_mean_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    int32_t c = 0;
    for (; c + 4 <= args->channels; c += 4) {
        int32_t sums[4] = {0, 0, 0, 0};
        sum_four(args, input + c, sums);
        for (int32_t i = 0; i < 4; i++) {
            output[c + i] = mean_of(args, sums[i]);
        }
    }
    for (; c < args->channels; c++) {
        int32_t sum = 0;
        for (int32_t pixel = 0; pixel < args->pixels; pixel++) {
            sum += input[pixel * args->channels + c];
        }
        output[c] = mean_of(args, sum);
    }
}
