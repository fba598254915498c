/* SPDX-License-Identifier: Apache-2.0
 * 1x1 convolution of stride 1 on Armv7E-M: [pixels][I] s8 -> [pixels][O] s8, one rounding; I any, O at least 2.
 *
 * Tile by tile: pixels are widened to 16-bit pairs, then every pair of channels is widened and multiplied with the
 * whole tile. The output may overlap the input as far as no tile overwrites a later one's pixels.
 * Scratch: MF_DSP_PANEL_WORDS(groups) + 2 * tile * groups words.
 */
#include "mf_dsp_matrix.h"

void mf_pointwise_s8_dsp(const mf_pointwise_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    uint32_t *panel = scratch;
    uint32_t *pixels = panel + MF_DSP_PANEL_WORDS(args->groups);
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done;
        const int32_t count = left < args->tile ? left : args->tile;
        mf_dsp_widen(pixels, input, count, args->inputs);
        mf_dsp_tile(args, panel, pixels, count, output);
        input += count * args->inputs;
        output += count * args->output_channels;
    }
}
