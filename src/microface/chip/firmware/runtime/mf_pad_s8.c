/* SPDX-License-Identifier: Apache-2.0
 * Rows and columns of the zero point round a tensor: [H][W][C] s8 -> [top+H+bottom][left+W+right][C] s8.
 */
#include "mf_kernels.h"

static int8_t *fill(int8_t *output, int32_t count, int16_t value)
{
    for (int32_t i = 0; i < count; i++) {
        *output++ = (int8_t)value;
    }
    return output;
}

static int8_t *copy(int8_t *output, int32_t count, const int8_t *input)
{
    for (int32_t i = 0; i < count; i++) {
        *output++ = input[i];
    }
    return output;
}

void mf_pad_s8(const mf_pad_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t row = args->input_width * args->channels;
    const int32_t before = args->pad_left * args->channels;
    const int32_t after = args->pad_right * args->channels;
    output = fill(output, args->pad_top * (before + row + after), args->input_zero_point);
    for (int32_t y = 0; y < args->input_height; y++) {
        output = fill(output, before, args->input_zero_point);
        output = copy(output, row, input + y * row);
        output = fill(output, after, args->input_zero_point);
    }
    fill(output, args->pad_bottom * (before + row + after), args->input_zero_point);
}
