/* SPDX-License-Identifier: Apache-2.0
 * Sums over one window with weights of 4 bits; see mf_window.h.
 */
#ifndef MF_WINDOW_S4_H
#define MF_WINDOW_S4_H

#include "mf_nibbles.h"
#include "mf_window.h"

/* bias + sum of x * w over all channels of the window whose first cell is (top, left), for output channel o. */
static inline int32_t mf_conv2d_sum_s4(const mf_conv_args *args, const int8_t *input, int32_t top, int32_t left,
                                       int32_t o)
{
    const int32_t channels = args->input_channels;
    const int32_t count = args->kernel_height * args->kernel_width * channels;
    const uint8_t *nibbles = args->nibbles + o * ((count + 1) / 2);
    int32_t sum = args->bias[o], next = 0;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int8_t *x = mf_pixel(args, input, top + ky * args->dilation_y, left + kx * args->dilation_x);
            for (int32_t i = 0; i < channels; i++) {
                sum += (x ? x[i] : args->input_zero_point) * mf_nibble(nibbles, next++);
            }
        }
    }
    return sum;
}

/* bias + sum of x * w over the window whose first cell is (top, left), in channel c alone. */
static inline int32_t mf_depthwise_sum_s4(const mf_conv_args *args, const int8_t *input, int32_t top, int32_t left,
                                          int32_t c)
{
    int32_t sum = args->bias[c], next = c;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int8_t *x = mf_pixel(args, input, top + ky * args->dilation_y, left + kx * args->dilation_x);
            sum += (x ? x[c] : args->input_zero_point) * mf_nibble(args->nibbles, next);
            next += args->input_channels;
        }
    }
    return sum;
}

#endif
