/* SPDX-License-Identifier: Apache-2.0
 * Convolution on Armv7E-M, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding;
 * O at least 2.
 *
 * Tile by tile: the windows of a tile's pixels are widened to 16-bit pairs, then multiplied like the pixels of a
 * pointwise convolution. A window's inputs come in an order that reads words: the whole words of each of its rows,
 * then the one to three bytes that each row has left. The output may overlap the input as far as no tile overwrites
 * what a later one reads.
 * Scratch: MF_DSP_PANEL_WORDS(groups) + 2 * tile * groups words, what a window's rows have left, a window.
 */
#include "mf_dsp.h"
#include "mf_dsp_matrix.h"
#include "mf_dsp_widen.h"

typedef mf_conv2d_s8_dsp_args arguments;

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

/* One row of a window that reaches into the padding or has gaps; `row` is the input's row or NULL in the padding. */
static int8_t *gather_row(const arguments *args, const int8_t *row, int32_t left, int8_t *to)
{
    const int32_t channels = args->input_channels;
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
    return to;
}

/* All rows of such a window, one after the other. */
static void gather(const arguments *args, const int8_t *input, int32_t top, int32_t left, int8_t *to)
{
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int32_t y = top + ky * args->dilation_y;
        const int inside = y >= 0 && y < args->input_height;
        const int8_t *row = input + (inside ? y : 0) * args->input_width * args->input_channels;
        to = gather_row(args, inside ? row : (const int8_t *)0, left, to);
    }
}

/* The window of the output pixel at (y, x) into a panel whose `window` is set but for its pitch. */
static void widen_window(const arguments *args, const int8_t *input, int32_t y, int32_t x, uint32_t *panel,
                         mf_dsp_window *window)
{
    const int32_t channels = args->input_channels, run = args->kernel_width * channels;
    const int32_t top = y * args->stride_y - args->pad_top, left = x * args->stride_x - args->pad_left;
    const int32_t bottom = top + (args->kernel_height - 1) * args->dilation_y;
    const int8_t *cells = window->rests + args->kernel_height * window->rest;
    if (top < 0 || bottom >= args->input_height || left < 0 || left + args->kernel_width > args->input_width ||
        args->dilation_x > 1) {
        gather(args, input, top, left, window->rests + args->kernel_height * window->rest);
        window->pitch = run;
    } else {
        cells = input + (top * args->input_width + left) * channels;
        window->pitch = args->dilation_y * args->input_width * channels;
    }
    panel = mf_dsp_widen_rows(panel, cells, window);
    if (window->rest) {
        mf_dsp_widen_pixel(panel, window->rests, window->rest * args->kernel_height, window->step / 4);
    }
}

/* Windows of `count` output pixels from number `first` on, as pairs of pixels and at the end a single one. */
static void widen_windows(const arguments *args, const int8_t *input, int32_t first, int32_t count, uint32_t *panel,
                          int8_t *spare)
{
    const int32_t run = args->kernel_width * args->input_channels;
    mf_dsp_window window = {.words = run >> 2, .rows = args->kernel_height, .rest = run & 3, .rests = spare};
    int32_t y = first / args->output_width, x = first % args->output_width;
    for (int32_t i = 0; i < count; i++) {
        window.step = (i | 1) < count ? 16 : 8;
        widen_window(args, input, y, x, panel + 2 * (i & 1), &window);
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
