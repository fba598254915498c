/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AVX2 hosts, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding.
 * Scratch: 2 * tile * pairs halves.
 */
#include "mf_avx2_matrix.h"

/* `count` bytes to halves, without a zero after them. */
static int16_t *widen_run(int16_t *to, const int8_t *from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
    return to + count;
}

static int16_t *fill(int16_t *to, int16_t value, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        to[i] = value;
    }
    return to + count;
}

/* One row of a window; `row` is the input's row or NULL in the padding. */
static int16_t *widen_row(const mf_conv2d_s8_avx2_args *args, const int8_t *row, int32_t left, int16_t *to)
{
    const int32_t channels = args->input_channels, width = args->kernel_width;
    if (row && args->dilation_x == 1 && left >= 0 && left + width <= args->input_width) {
        return widen_run(to, row + left * channels, width * channels);
    }
    for (int32_t kx = 0; kx < width; kx++) {
        const int32_t x = left + kx * args->dilation_x;
        if (row && x >= 0 && x < args->input_width) {
            to = widen_run(to, row + x * channels, channels);
        } else {
            to = fill(to, args->input_zero_point, channels);
        }
    }
    return to;
}

static int16_t *widen_window(const mf_conv2d_s8_avx2_args *args, const int8_t *input, int32_t pixel, int16_t *to)
{
    const int32_t y = pixel / args->output_width, x = pixel % args->output_width;
    const int32_t left = x * args->stride_x - args->pad_left;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int32_t iy = y * args->stride_y - args->pad_top + ky * args->dilation_y;
        const int inside = iy >= 0 && iy < args->input_height;
        const int8_t *row = input + (inside ? iy : 0) * args->input_width * args->input_channels;
        to = widen_row(args, inside ? row : (const int8_t *)0, left, to);
    }
    return fill(to, 0, args->inputs & 1);
}

void mf_conv2d_s8_avx2(const mf_conv2d_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    int16_t *pixels = scratch;
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done, count = left < args->tile ? left : args->tile;
        int16_t *to = pixels;
        for (int32_t i = 0; i < count; i++) {
            to = widen_window(args, input, done + i, to);
        }
        mf_avx2_tile(args, pixels, count, output);
        output += count * args->output_channels;
    }
}
