/* SPDX-License-Identifier: Apache-2.0
 * The mean over each window's real pixels on Armv7E-M: [H][W][C] s8 -> [OH][OW][C] s8, one rounding; C a multiple of
 * 4, at most 255 cells in a window: sums of four channels lie in halves of two words.
 */
#include "mf_dsp.h"
#include "mf_kernels_dsp.h"
#include "mf_requantise.h"

typedef mf_average_pool_s8_dsp_args arguments;

/* A window's real part and its factors. */
typedef struct {
    int32_t rows, columns, offset; /* what the zero points of its cells come to */
    int32_t multiplier;
    uint8_t left;
} part;

static part part_of(const arguments *args, int32_t rows, int32_t columns)
{
    int32_t pair = 0;
    while (args->counts[pair] != rows * columns) {
        pair++;
    }
    return (part){rows, columns, rows * columns * args->input_zero_point, args->multiplier[pair], args->left[pair]};
}

static int8_t mean_of(const arguments *args, const part *window, int32_t sum)
{
    const int32_t mean = mf_highmul(sum - window->offset, window->multiplier, window->left);
    return (int8_t)mf_clamp(mean + args->zero_point, args->lo, args->hi);
}

/* Four channels of a window whose first real cell is at `corner`. */
static void average(const arguments *args, const part *window, const int8_t *corner, int8_t *output)
{
    uint32_t even = 0, odd = 0;
    for (int32_t y = 0; y < window->rows; y++) {
        const int8_t *cell = corner + y * args->input_width * args->channels;
        for (int32_t x = 0; x < window->columns; x++) {
            const uint32_t word = mf_dsp_load(cell);
            even = mf_dsp_add_even(even, word);
            odd = mf_dsp_add_odd(odd, word);
            cell += args->channels;
        }
    }
    output[0] = mean_of(args, window, (int16_t)even);
    output[1] = mean_of(args, window, (int16_t)odd);
    output[2] = mean_of(args, window, (int32_t)even >> 16);
    output[3] = mean_of(args, window, (int32_t)odd >> 16);
}

void mf_average_pool_s8_dsp(const mf_average_pool_s8_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch)
{
    (void)scratch;
    const int32_t channels = args->channels;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int32_t y0 = y * args->stride_y - args->pad_top, top = mf_clamp(y0, 0, args->input_height);
        const int32_t bottom = mf_clamp(y0 + args->kernel_height, 0, args->input_height);
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t x0 = x * args->stride_x - args->pad_left, left = mf_clamp(x0, 0, args->input_width);
            const int32_t right = mf_clamp(x0 + args->kernel_width, 0, args->input_width);
            const part window = part_of(args, bottom - top, right - left);
            const int8_t *corner = input + (top * args->input_width + left) * channels;
            for (int32_t c = 0; c < channels; c += 4) {
                average(args, &window, corner + c, output + c);
            }
            output += channels;
        }
    }
}
