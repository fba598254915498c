/* SPDX-License-Identifier: Apache-2.0
 * The largest value of each window, channel by channel: [H][W][C] s8 -> [OH][OW][C] s8. Padding never wins.
 */
#include "mf_kernels.h"
#include "mf_value.h"

static mf_value largest(const mf_max_pool_s8_args *args, const mf_value *input, int32_t top, int32_t left)
{
    mf_value best = MF_LOWEST;
    for (int32_t y = top; y < top + args->kernel_height; y++) {
        for (int32_t x = left; x < left + args->kernel_width; x++) {
            if (y >= 0 && y < args->input_height && x >= 0 && x < args->input_width) {
                const mf_value value = input[(y * args->input_width + x) * args->channels];
                best = value > best ? value : best;
            }
        }
    }
    return best;
}

void mf_max_pool_s8(const mf_max_pool_s8_args *args, const mf_value *input, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t top = y * args->stride_y - args->pad_top;
            const int32_t left = x * args->stride_x - args->pad_left;
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = largest(args, input + c, top, left);
            }
        }
    }
}
