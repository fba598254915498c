/* SPDX-License-Identifier: Apache-2.0
 * The largest value of each window on Armv7E-M: [H][W][C] s8 -> [OH][OW][C] s8; C a multiple of 4. Padding never wins.
 */
#include "mf_dsp.h"
#include "mf_kernels_dsp.h"
#include "mf_requantise.h"

/* The larger of each of four bytes. */
static inline uint32_t larger(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

static uint32_t largest(const int8_t *corner, int32_t rows, int32_t columns, int32_t pixel, int32_t row)
{
    uint32_t best = 0x80808080U;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *cell = corner + y * row;
        for (int32_t x = 0; x < columns; x++) {
            best = larger(best, mf_dsp_load(cell));
            cell += pixel;
        }
    }
    return best;
}

void mf_max_pool_s8_dsp(const mf_max_pool_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t pixel = args->channels, row = pixel * args->input_width;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int32_t y0 = y * args->stride_y - args->pad_top;
        const int32_t top = mf_clamp(y0, 0, args->input_height);
        const int32_t rows = mf_clamp(y0 + args->kernel_height, 0, args->input_height) - top;
        for (int32_t x = 0; x < args->output_width; x++) {
            const int32_t x0 = x * args->stride_x - args->pad_left;
            const int32_t left = mf_clamp(x0, 0, args->input_width);
            const int32_t columns = mf_clamp(x0 + args->kernel_width, 0, args->input_width) - left;
            const int8_t *corner = input + top * row + left * pixel;
            for (int32_t c = 0; c < pixel; c += 4) {
                const uint32_t best = largest(corner + c, rows, columns, pixel, row);
                __builtin_memcpy(output, &best, sizeof best);
                output += 4;
            }
        }
    }
}
