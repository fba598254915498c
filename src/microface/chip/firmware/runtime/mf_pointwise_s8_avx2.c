/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1, and dense as the case of one pixel, on AVX2 hosts: [pixels][I] s8 -> [pixels][O] s8.
 * The output may overlap the input as far as no tile overwrites a later one's pixels. Scratch: 2 * tile * pairs halves.
 */
#include "mf_avx2_matrix.h"

void mf_pointwise_s8_avx2(const mf_pointwise_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    int16_t *pixels = scratch;
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done, count = left < args->tile ? left : args->tile;
        int16_t *to = pixels;
        for (int32_t i = 0; i < count; i++) {
            to = mf_avx2_widen_all(to, input, args->inputs);
            input += args->inputs;
        }
        mf_avx2_tile(args, pixels, count, output);
        output += count * args->output_channels;
    }
}
