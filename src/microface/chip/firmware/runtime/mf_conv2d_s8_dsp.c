/* SPDX-License-Identifier: Apache-2.0
 * Convolution on Armv7E-M, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding;
 * O at least 2.
 *
 * Tile by tile: the windows of a tile's pixels are widened to 16-bit pairs, then multiplied like the pixels of a
 * pointwise convolution. A window's inputs come in an order that reads words: the whole words of each of its rows,
 * then the one to three bytes that each row has left. The output may overlap the input as far as no tile overwrites
 * what a later one reads.
 * Scratch: MF_DSP_PANEL_WORDS(groups) + 2 * tile * groups words, a row of a window, what all its rows have left.
 */
#include "mf_dsp.h"
#include "mf_dsp_matrix.h"

typedef mf_conv2d_s8_dsp_args arguments;

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

/* One row of a window that reaches into the padding or has gaps; `row` is the input's row or NULL in the padding. */
static const int8_t *gather_row(const arguments *args, const int8_t *row, int32_t left, int8_t *to)
{
    const int32_t channels = args->input_channels;
    const int8_t *begin = to;
    for (int32_t kx = 0; kx < args->kernel_width; kx++) {
        const int32_t x = left + kx * args->dilation_x;
        if (row && x >= 0 && x < args->input_width) {
            to = copy(to, row + x * channels, channels);
        } else {
            for (int32_t i = 0; i < channels; i++) {
                *to++ = (int8_t)args->input_zero_point;
            }
        }
    }
    return begin;
}

/* The whole words of a row; returns where the next row's groups go. */
static uint32_t *widen_words(uint32_t *panel, const int8_t *cells, int32_t words, int32_t step)
{
    for (const int8_t *end = cells + 4 * words; cells < end; cells += 4) {
        const uint32_t word = mf_dsp_load(cells);
        panel[0] = mf_dsp_even(word);
        panel[1] = mf_dsp_odd(word);
        panel += step;
    }
    return panel;
}

/* The window of the output pixel at (y, x); its groups lie `step` words apart. */
static void widen_window(const arguments *args, const int8_t *input, int32_t y, int32_t x, uint32_t *panel,
                         int32_t step, int8_t *spare)
{
    const int32_t pitch = args->input_width * args->input_channels, run = args->kernel_width * args->input_channels;
    const int32_t left = x * args->stride_x - args->pad_left, rest = run & 3;
    const int whole = args->dilation_x == 1 && left >= 0 && left + args->kernel_width <= args->input_width;
    int8_t *rests = spare + run;
    int32_t iy = y * args->stride_y - args->pad_top;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int8_t *row = iy >= 0 && iy < args->input_height ? input + iy * pitch : (const int8_t *)0;
        const int8_t *cells = whole && row ? row + left * args->input_channels : gather_row(args, row, left, spare);
        panel = widen_words(panel, cells, run >> 2, step);
        rests = copy(rests, cells + run - rest, rest);
        iy += args->dilation_y;
    }
    if (rest) {
        mf_dsp_widen_pixel(panel, spare + run, rest * args->kernel_height, step);
    }
}

/* Windows of `count` output pixels from number `first` on, as pairs of pixels and at the end a single one. */
static void widen_windows(const arguments *args, const int8_t *input, int32_t first, int32_t count, uint32_t *panel,
                          int8_t *spare)
{
    int32_t y = first / args->output_width, x = first % args->output_width;
    for (int32_t i = 0; i < count; i++) {
        const int32_t step = (i | 1) < count ? 4 : 2;
        widen_window(args, input, y, x, panel + 2 * (i & 1), step, spare);
        panel += (i & 1) ? 4 * args->groups : 0;
        if (++x == args->output_width) {
            x = 0;
            y++;
        }
    }
}

void mf_conv2d_s8_dsp(const mf_conv2d_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    uint32_t *panel = scratch;
    uint32_t *pixels = panel + MF_DSP_PANEL_WORDS(args->groups);
    int8_t *spare = (int8_t *)(pixels + 2 * args->tile * args->groups);
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done;
        const int32_t count = left < args->tile ? left : args->tile;
        widen_windows(args, input, done, count, pixels, spare);
        mf_dsp_tile(args, panel, pixels, count, output);
        output += count * args->output_channels;
    }
}
