/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AVX2 hosts, any kernel, stride, padding and dilation: [H][W][I] s8 -> [OH][OW][O] s8, one rounding.
 * Scratch: 2 * tile * pairs halves and sixteen more.
 */
#include "mf_avx2.h"
#include "mf_avx2_matrix.h"

/* `count` bytes to halves. Sixteen are read and written at a time where the input, which ends at `end`, has as many:
 * what is written too much is overwritten next, or lies in the sixteen spare halves of the scratch. */
static int16_t *widen_run(int16_t *to, const int8_t *from, int32_t count, const int8_t *end)
{
    int16_t *next = to + count;
    for (; count > 0 && end - from >= 16; count -= 16) {
        _mm256_storeu_si256((__m256i *)(void *)to, mf_avx2_widen(from));
        to += 16;
        from += 16;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return next;
}

static int16_t *fill(int16_t *to, int16_t value, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        to[i] = value;
    }
    return to + count;
}

/* One row of a window; `row` is the input's row or NULL in the padding. */
static int16_t *widen_row(const mf_conv2d_s8_avx2_args *args, const int8_t *row, int32_t left, int16_t *to,
                          const int8_t *end)
{
    const int32_t channels = args->input_channels, width = args->kernel_width;
    if (row && args->dilation_x == 1 && left >= 0 && left + width <= args->input_width) {
        return widen_run(to, row + left * channels, width * channels, end);
    }
    for (int32_t kx = 0; kx < width; kx++) {
        const int32_t x = left + kx * args->dilation_x;
        if (row && x >= 0 && x < args->input_width) {
            to = widen_run(to, row + x * channels, channels, end);
        } else {
            to = fill(to, args->input_zero_point, channels);
        }
    }
    return to;
}

static int16_t *widen_window(const mf_conv2d_s8_avx2_args *args, const int8_t *input, int32_t y, int32_t x,
                             int16_t *to)
{
    const int8_t *end = input + args->input_height * args->input_width * args->input_channels;
    const int32_t left = x * args->stride_x - args->pad_left;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        const int32_t iy = y * args->stride_y - args->pad_top + ky * args->dilation_y;
        const int inside = iy >= 0 && iy < args->input_height;
        const int8_t *row = input + (inside ? iy : 0) * args->input_width * args->input_channels;
        to = widen_row(args, inside ? row : (const int8_t *)0, left, to, end);
    }
    return fill(to, 0, args->inputs & 1);
}

void mf_conv2d_s8_avx2(const mf_conv2d_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    int16_t *pixels = scratch;
    int32_t y = 0, x = 0;
    for (int32_t done = 0; done < args->pixels; done += args->tile) {
        const int32_t left = args->pixels - done, count = left < args->tile ? left : args->tile;
        int16_t *to = pixels;
        for (int32_t i = 0; i < count; i++) {
            to = widen_window(args, input, y, x, to);
            x = x + 1 == args->output_width ? 0 : x + 1;
            y += x == 0;
        }
        mf_avx2_tile(args, pixels, count, output);
        output += count * args->output_channels;
    }
}
