/* SPDX-License-Identifier: Apache-2.0
 * The mean over each window as the MAX78000's accelerator takes it, channel by channel: [H][W][C] s8 -> [OH][OW][C] s8.
 * The sum is divided by the window's size: cut toward zero, or with `rounding` to the nearest, halves away from zero.
 */
#include "mf_kernels.h"
#include "mf_requantise.h"

static int32_t sum_of(const mf_average_cut_s8_args *args, const int8_t *first)
{
    int32_t sum = 0;
    for (int32_t y = 0; y < args->kernel_height; y++) {
        for (int32_t x = 0; x < args->kernel_width; x++) {
            sum += first[(y * args->input_width + x) * args->channels];
        }
    }
    return sum;
}

/* C divides toward zero. */
static int32_t mean_of(const mf_average_cut_s8_args *args, int32_t sum)
{
    const int32_t count = args->kernel_height * args->kernel_width;
    if (args->rounding != 0) {
        return (2 * sum + (sum < 0 ? -count : count)) / (2 * count);
    }
    return sum / count;
}

void mf_average_cut_s8(const mf_average_cut_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const int8_t *first = input + (y * args->stride_y * args->input_width + x * args->stride_x) * args->channels;
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = (int8_t)mf_clamp(mean_of(args, sum_of(args, first + c)), -128, 127);
            }
        }
    }
}
