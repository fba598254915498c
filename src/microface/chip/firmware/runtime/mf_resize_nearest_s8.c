/* SPDX-License-Identifier: Apache-2.0
 * Another size by the nearest input: [H][W][C] s8 -> [OH][OW][C] s8.
 */
#include "mf_kernels_tflite.h"

void mf_resize_nearest_s8(const mf_resize_nearest_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int8_t *row = input + args->rows[y] * args->input_width * args->channels;
        for (int32_t x = 0; x < args->output_width; x++) {
            const int8_t *pixel = row + args->columns[x] * args->channels;
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = pixel[c];
            }
        }
    }
}
