/* SPDX-License-Identifier: Apache-2.0
 * Convolution on Armv7E-M, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding;
 * O at least 2.
 *
 * Tile by tile: the windows of a tile's pixels are gathered and widened to 16-bit pairs, then multiplied like the
 * pixels of a pointwise convolution. The output may overlap the input as far as no tile overwrites what a later one
 * reads. Scratch: MF_DSP_PANEL_WORDS(groups) + 2 * tile * groups + groups words.
 */
#include "mf_dsp.h"
#include "mf_dsp_matrix.h"

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= 4; count -= 4) {
        __builtin_memcpy(to, from, 4);
        to += 4;
        from += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

static int8_t *fill(int8_t *to, int16_t value, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
    return to;
}

/* One row of a window, `row` the input's row or NULL in the padding; cells beyond the sides are padding too. */
static int8_t *gather_row(const mf_conv2d_s8_dsp_args *args, const int8_t *row, int32_t left, int8_t *to)
{
    const int32_t channels = args->input_channels;
    for (int32_t kx = 0; kx < args->kernel_width; kx++) {
        const int32_t x = left + kx * args->dilation_x;
        if (row && x >= 0 && x < args->input_width) {
            to = copy(to, row + x * channels, channels);
        } else {
            to = fill(to, args->input_zero_point, channels);
        }
    }
    return to;
}

/* All inputs of the output pixel at (y, x), in the order of the weights. */
static void gather(const mf_conv2d_s8_dsp_args *args, const int8_t *input, int32_t y, int32_t x, int8_t *to)
{
    const int32_t width = args->input_width, run = args->kernel_width * args->input_channels;
    const int32_t left = x * args->stride_x - args->pad_left;
    const int whole = args->dilation_x == 1 && left >= 0 && left + args->kernel_width <= width;
    int32_t iy = y * args->stride_y - args->pad_top;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int inside = iy >= 0 && iy < args->input_height;
        const int8_t *row = inside ? input + iy * width * args->input_channels : (const int8_t *)0;
        if (inside && whole) {
            to = copy(to, row + left * args->input_channels, run);
        } else {
            to = gather_row(args, row, left, to);
        }
        iy += args->dilation_y;
    }
}

/* Windows of `count` output pixels from number `first` on, as pairs of pixels and at the end a single one. */
static void widen_windows(const mf_conv2d_s8_dsp_args *args, const int8_t *input, int32_t first, int32_t count,
                          uint32_t *panel, int8_t *window)
{
    int32_t y = first / args->output_width, x = first % args->output_width;
    for (int32_t i = 0; i < count; i++) {
        gather(args, input, y, x, window);
        const int32_t step = (i | 1) < count ? 4 : 2;
        mf_dsp_widen_pixel(panel + 2 * (i & 1), window, args->inputs, step);
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
    int8_t *window = (int8_t *)(pixels + 2 * args->tile * args->groups);
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done;
        const int32_t count = left < args->tile ? left : args->tile;
        widen_windows(args, input, done, count, pixels, window);
        mf_dsp_tile(args, panel, pixels, count, output);
        output += count * args->output_channels;
    }
}
