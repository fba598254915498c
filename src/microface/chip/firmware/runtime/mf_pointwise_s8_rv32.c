/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1, and dense as the case of one pixel, on RV32IM: [pixels][I] s8 -> [pixels][O] s8.
 */
#include "mf_rv32_matrix.h"

void mf_pointwise_s8_rv32(const mf_pointwise_s8_rv32_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t done = 0; done < args->pixels; done += MF_RV32_PIXELS) {
        const int32_t left = args->pixels - done, count = left < MF_RV32_PIXELS ? left : MF_RV32_PIXELS;
        mf_rv32_matrix(args, input, args->inputs, count, output);
        input += count * args->inputs;
        output += count * args->output_channels;
    }
}
