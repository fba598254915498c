/* SPDX-License-Identifier: Apache-2.0
 * Convolution, any kernel, stride, padding and dilation, on RV32IM: [H][W][I] s8 -> [OH][OW][O] s8. Three windows at a
 * time are gathered in scratch.
 */
#include <stdbool.h>

#include "mf_rv32_matrix.h"

/* One cell of a window: the pixel at (y, x), or the zero point in the padding. */
static inline int8_t *gather_cell(const mf_conv2d_s8_rv32_args *args, const int8_t *input, int32_t y, int32_t x,
                                  int8_t *to)
{
    const int32_t channels = args->input_channels;
    const bool inside = y >= 0 && y < args->input_height && x >= 0 && x < args->input_width;
    const int8_t *from = input + (inside ? (y * args->input_width + x) * channels : 0);
    for (int32_t i = 0; i < channels; i++) {
        *to++ = inside ? from[i] : (int8_t)args->input_zero_point;
    }
    return to;
}

static void gather(const mf_conv2d_s8_rv32_args *args, const int8_t *input, int32_t pixel, int8_t *to)
{
    const int32_t top = pixel / args->output_width * args->stride_y - args->pad_top;
    const int32_t left = pixel % args->output_width * args->stride_x - args->pad_left;
    for (int32_t ky = 0; ky < args->kernel_height; ky++) {
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            to = gather_cell(args, input, top + ky * args->dilation_y, left + kx * args->dilation_x, to);
        }
    }
}

void mf_conv2d_s8_rv32(const mf_conv2d_s8_rv32_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    int8_t *windows = scratch;
    for (int32_t done = 0; done < args->pixels; done += MF_RV32_PIXELS) {
        const int32_t left = args->pixels - done, count = left < MF_RV32_PIXELS ? left : MF_RV32_PIXELS;
        for (int32_t i = 0; i < count; i++) {
            gather(args, input, done + i, windows + i * args->inputs);
        }
        mf_rv32_matrix(args, windows, args->inputs, count, output);
        output += count * args->output_channels;
    }
}
