/* SPDX-License-Identifier: Apache-2.0
 * The mean over each window's real pixels, halves away from `floor` (0, or the least value): [H][W][C] s8 -> [OH][OW][C] s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_requantise.h"
#include "mf_value.h"

typedef struct {
    int32_t top, bottom, left, right; /* cells of the input, the end is outside */
} window;

static window real_part(const mf_average_pool_s8_tflite_args *args, int32_t y, int32_t x)
{
    const int32_t top = y * args->stride_y - args->pad_top, left = x * args->stride_x - args->pad_left;
    return (window){
        mf_clamp(top, 0, args->input_height),
        mf_clamp(top + args->kernel_height, 0, args->input_height),
        mf_clamp(left, 0, args->input_width),
        mf_clamp(left + args->kernel_width, 0, args->input_width),
    };
}

static mf_value mean_of(const mf_average_pool_s8_tflite_args *args, const mf_value *input, const window *part)
{
    const int32_t count = (part->bottom - part->top) * (part->right - part->left);
    int32_t sum = -args->floor * count;
    for (int32_t y = part->top; y < part->bottom; y++) {
        for (int32_t x = part->left; x < part->right; x++) {
            sum += input[(y * args->input_width + x) * args->channels];
        }
    }
    const int32_t mean = (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
    return (mf_value)mf_clamp(mean + args->floor, args->lo, args->hi);
}

void mf_average_pool_s8_tflite(const mf_average_pool_s8_tflite_args *args, const mf_value *input, mf_value *output,
                               void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        for (int32_t x = 0; x < args->output_width; x++) {
            const window part = real_part(args, y, x);
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = mean_of(args, input + c, &part);
            }
        }
    }
}
