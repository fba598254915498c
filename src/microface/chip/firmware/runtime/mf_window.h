/* SPDX-License-Identifier: Apache-2.0
 * Sums over one window of a convolution, shared by the kernels with s8 and s32 outputs.
 */
#ifndef MF_WINDOW_H
#define MF_WINDOW_H

#include <stdbool.h>

#include "mf_kernels.h"

/* The pixel at (y, x), or NULL in the padding. */
static inline const int8_t *mf_pixel(const mf_conv_args *args, const int8_t *input, int32_t y, int32_t x)
{
    const bool inside = y >= 0 && y < args->input_height && x >= 0 && x < args->input_width;
    return inside ? input + (y * args->input_width + x) * args->input_channels : (const int8_t *)0;
}

/* bias + sum of x * w over all channels of the window whose first cell is (top, left), for output channel o. */
static inline int32_t mf_conv2d_sum(const mf_conv_args *args, const int8_t *input, int32_t top, int32_t left,
                                    int32_t o)
{
    const int32_t channels = args->input_channels;
    const int8_t *w = args->weights + o * args->kernel_height * args->kernel_width * channels;
    int32_t sum = args->bias[o];
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int8_t *x = mf_pixel(args, input, top + ky * args->dilation_y, left + kx * args->dilation_x);
            for (int32_t i = 0; i < channels; i++) {
                sum += (x ? x[i] : args->input_zero_point) * *w++;
            }
        }
    }
    return sum;
}

/* bias + sum of x * w over the window whose first cell is (top, left), in channel c alone. */
static inline int32_t mf_depthwise_sum(const mf_conv_args *args, const int8_t *input, int32_t top, int32_t left,
                                       int32_t c)
{
    const int8_t *w = args->weights + c;
    int32_t sum = args->bias[c];
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int8_t *x = mf_pixel(args, input, top + ky * args->dilation_y, left + kx * args->dilation_x);
            sum += (x ? x[c] : args->input_zero_point) * *w;
            w += args->input_channels;
        }
    }
    return sum;
}

#endif
