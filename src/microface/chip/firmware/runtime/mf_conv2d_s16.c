/* SPDX-License-Identifier: Apache-2.0
 * Convolution, any kernel, stride, padding and dilation: [H][W][I] s16 -> [OH][OW][O] s16.
 */
#include "mf_wide.h"
#include "mf_window_s16.h"

/* Where a window lies: its first cell, and the taps inside the input. */
typedef struct {
    int32_t top, left;
    mf_taps rows, columns;
} window;

static int64_t sum_of(const mf_conv2d_s16_args *args, const int16_t *input, const window *at, int32_t o)
{
    const int32_t channels = args->input_channels, taps = at->columns.end - at->columns.first;
    const int32_t first = at->left + at->columns.first * args->dilation_x, step = args->dilation_x * channels;
    int64_t sum = args->bias[o];
    for (int32_t ky = at->rows.first; ky < at->rows.end; ky++) {
        const int32_t cell = (o * args->kernel_height + ky) * args->kernel_width + at->columns.first;
        const int16_t *x = input + ((at->top + ky * args->dilation_y) * args->input_width + first) * channels;
        const int8_t *w = args->weights + cell * channels;
        if (step == channels) {
            sum = mf_dot_s16(x, w, taps * channels, sum);
            continue;
        }
        for (int32_t kx = 0; kx < taps; kx++) {
            sum = mf_dot_s16(x + kx * step, w + kx * channels, channels, sum);
        }
    }
    return sum;
}

void mf_conv2d_s16(const mf_conv2d_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int32_t top = y * args->stride_y - args->pad_top;
        const mf_taps rows = mf_taps_inside(top, args->kernel_height, args->dilation_y, args->input_height);
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t left = x * args->stride_x - args->pad_left;
            const mf_taps columns = mf_taps_inside(left, args->kernel_width, args->dilation_x, args->input_width);
            const window at = {top, left, rows, columns};
            for (int32_t o = 0; o < args->output_channels; o++) {
                const int64_t sum = sum_of(args, input, &at, o);
                *output++ = mf_wide_value(sum, args->multiplier[o], args->right[o], args->lo, args->hi);
            }
        }
    }
}
