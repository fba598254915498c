/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on Armv7E-M, any kernel, stride, padding and dilation, the whole map included: [H][W][C] s8 ->
 * [OH][OW][C] s8, one rounding; C at least 4. Four channels of a word at a time, the last four end with the last one.
 */
#include "mf_dsp.h"
#include "mf_kernels_dsp.h"
#include "mf_requantise.h"

typedef mf_depthwise_s8_dsp_args arguments;

/* Sums of four channels, in registers where the functions below are inlined. */
typedef struct {
    int32_t a, b, c, d;
} four;

/* Adds the products of `count` cells, `step` bytes apart, with their weights, `channels` bytes apart. */
static inline __attribute__((always_inline)) four add_cells(four sums, const int8_t *cell, int32_t step,
                                                            const int8_t *weights, int32_t channels, int32_t count)
{
    for (; count > 0; count--) {
        const uint32_t x = mf_dsp_load(cell), w = mf_dsp_load(weights);
        const uint32_t x02 = mf_dsp_even(x), x13 = mf_dsp_odd(x), w02 = mf_dsp_even(w), w13 = mf_dsp_odd(w);
        sums.a = mf_dsp_smlabb(x02, w02, sums.a);
        sums.b = mf_dsp_smlabb(x13, w13, sums.b);
        sums.c = mf_dsp_smlatt(x02, w02, sums.c);
        sums.d = mf_dsp_smlatt(x13, w13, sums.d);
        cell += step;
        weights += channels;
    }
    return sums;
}

/* Columns of a window: the first ones lie in the padding, then `inside` ones in the input, from cell `x` on. */
typedef struct {
    int32_t before, inside, after, x;
} columns;

static columns columns_at(const arguments *args, int32_t left)
{
    const int32_t step = args->dilation_x, width = args->kernel_width;
    const int32_t before = mf_clamp((-left + step - 1) / step, 0, width);
    const int32_t end = mf_clamp((args->input_width - left + step - 1) / step, before, width);
    return (columns){before, end - before, width - end, end > before ? left + before * step : 0};
}

/* Four channels, from c on, of the output whose window begins in row `top`. */
static void convolve(const arguments *args, const int8_t *input, int32_t top, const columns *span, int32_t c,
                     int8_t *output)
{
    const int32_t channels = args->input_channels, step = args->dilation_x * channels;
    const uint32_t word = (uint8_t)args->input_zero_point * 0x01010101U;
    const int8_t *padding = (const int8_t *)&word, *weights = args->weights + c;
    four sums = {args->bias[c], args->bias[c + 1], args->bias[c + 2], args->bias[c + 3]};
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int32_t y = top + ky * args->dilation_y;
        if (y < 0 || y >= args->input_height) {
            sums = add_cells(sums, padding, 0, weights, channels, args->kernel_width);
        } else {
            const int8_t *cell = input + (y * args->input_width + span->x) * channels + c;
            const int8_t *inside = weights + span->before * channels, *after = inside + span->inside * channels;
            sums = add_cells(sums, padding, 0, weights, channels, span->before);
            sums = add_cells(sums, cell, step, inside, channels, span->inside);
            sums = add_cells(sums, padding, 0, after, channels, span->after);
        }
        weights += args->kernel_width * channels;
    }
    const int32_t values[4] = {sums.a, sums.b, sums.c, sums.d};
    for (int32_t i = 0; i < 4; i++) {
        const int32_t factor = mf_factor(args->multiplier, MF_BELOW(args), c + i, values[i]);
        const int32_t value = mf_highmul(values[i], factor, args->left[c + i]) + args->zero_point;
        output[i] = (int8_t)mf_clamp(value, args->lo, args->hi);
    }
}

void mf_depthwise_s8_dsp(const mf_depthwise_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t channels = args->input_channels;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const columns span = columns_at(args, x * args->stride_x - args->pad_left);
            for (int32_t i = 0; i < channels; i += 4) {
                const int32_t c = i + 4 > channels ? channels - 4 : i;
                convolve(args, input, y * args->stride_y - args->pad_top, &span, c, output + c);
            }
            output += channels;
        }
    }
}
