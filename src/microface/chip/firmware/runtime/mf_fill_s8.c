/* SPDX-License-Identifier: Apache-2.0
 * More values of one kind round a tensor, along any axis: [H][W][C] s8 -> s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

#include <stdbool.h>

static inline bool inside(int32_t at, int32_t size)
{
    return at >= 0 && at < size;
}

void mf_fill_s8(const mf_fill_s8_args *args, const mf_value *input, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = -args->pad_top; y < args->output_height - args->pad_top; y++) {
        for (int32_t x = -args->pad_left; x < args->output_width - args->pad_left; x++) {
            const bool pixel = inside(y, args->input_height) && inside(x, args->input_width);
            for (int32_t c = -args->pad_channel; c < args->output_channels - args->pad_channel; c++) {
                const bool value = pixel && inside(c, args->input_channels);
                *output++ = value ? input[(y * args->input_width + x) * args->input_channels + c]
                                  : (mf_value)args->value;
            }
        }
    }
}
