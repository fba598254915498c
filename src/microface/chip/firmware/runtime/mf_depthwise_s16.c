/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution, any kernel, stride, padding and dilation: [H][W][C] s16 -> [OH][OW][C] s16.
 */
#include "mf_wide.h"
#include "mf_window_s16.h"

/* Where a window lies: its first cell, and the taps inside the input. */
typedef struct {
    int32_t top, left;
    mf_taps rows, columns;
} window;

static int64_t sum_of(const mf_depthwise_s16_args *args, const int16_t *input, const window *at, int32_t c)
{
    const int32_t channels = args->input_channels;
    const int32_t first = at->left + at->columns.first * args->dilation_x, step = args->dilation_x * channels;
    int64_t sum = args->bias[c];
    for (int32_t ky = at->rows.first; ky < at->rows.end; ky++) {
        const int32_t row = (at->top + ky * args->dilation_y) * args->input_width;
        const int16_t *x = input + (row + first) * channels + c;
        const int8_t *w = args->weights + (ky * args->kernel_width + at->columns.first) * channels + c;
        for (int32_t kx = at->columns.first; kx < at->columns.end; kx++) {
            sum += *x * *w;
            x += step;
            w += channels;
        }
    }
    return sum;
}

void mf_depthwise_s16(const mf_depthwise_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int32_t top = y * args->stride_y - args->pad_top;
        const mf_taps rows = mf_taps_inside(top, args->kernel_height, args->dilation_y, args->input_height);
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t left = x * args->stride_x - args->pad_left;
            const mf_taps columns = mf_taps_inside(left, args->kernel_width, args->dilation_x, args->input_width);
            const window at = {top, left, rows, columns};
            for (int32_t c = 0; c < args->output_channels; c++) {
                const int64_t sum = sum_of(args, input, &at, c);
                *output++ = mf_wide_value(sum, args->multiplier[c], args->right[c], args->lo, args->hi);
            }
        }
    }
}
