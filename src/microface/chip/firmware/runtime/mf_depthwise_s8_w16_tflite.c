/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution with weights of 16 bits, any kernel, stride, padding and dilation: [H][W][C] s8 ->
 * [OH][OW][C] s8, TFLite's rounding. Scratch: one int32 per channel, the sums of a pixel.
 */
#include <stdbool.h>

#include "mf_kernels_tflite.h"
#include "mf_rescale.h"

/* Adds the products of one tap for all channels; padding holds the input's zero point. */
static void add_tap(const mf_depthwise_s8_w16_tflite_args *args, const int8_t *pixel, const int16_t *w, int32_t *sums)
{
    const int32_t channels = args->input_channels;
    if (pixel) {
        for (int32_t c = 0; c < channels; c++) {
            sums[c] += pixel[c] * w[c];
        }
    } else {
        for (int32_t c = 0; c < channels; c++) {
            sums[c] += args->input_zero_point * w[c];
        }
    }
}

static void sum_window(const mf_depthwise_s8_w16_tflite_args *args, const int8_t *input, int32_t top, int32_t left,
                       int32_t *sums)
{
    const int16_t *w = args->weights;
    for (int32_t c = 0; c < args->input_channels; c++) {
        sums[c] = args->bias[c];
    }
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int32_t y = top + ky * args->dilation_y, x = left + kx * args->dilation_x;
            const bool inside = y >= 0 && y < args->input_height && x >= 0 && x < args->input_width;
            const int32_t place = (y * args->input_width + x) * args->input_channels;
            add_tap(args, inside ? input + place : (const int8_t *)0, w, sums);
            w += args->input_channels;
        }
    }
}

void mf_depthwise_s8_w16_tflite(const mf_depthwise_s8_w16_tflite_args *args, const int8_t *input, int8_t *output,
                                void *scratch)
{
    int32_t *sums = scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t top = y * args->stride_y - args->pad_top, left = x * args->stride_x - args->pad_left;
            sum_window(args, input, top, left, sums);
            for (int32_t c = 0; c < args->input_channels; c++) {
                const int32_t value = mf_rescale(sums[c], args->multiplier[c], args->shift[c]) + args->zero_point;
                *output++ = (int8_t)mf_clamp(value, args->lo, args->hi);
            }
        }
    }
}
