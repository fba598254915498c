/* SPDX-License-Identifier: Apache-2.0
 * Another size by the nearest input: [H][W][C] s8 -> [OH][OW][C] s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

void mf_resize_nearest_s8(const mf_resize_nearest_s8_args *args, const mf_value *input, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t y = 0; y < args->output_height; y++) {
        const mf_value *row = input + args->rows[y] * args->input_width * args->channels;
        for (int32_t x = 0; x < args->output_width; x++) {
            const mf_value *pixel = row + args->columns[x] * args->channels;
            for (int32_t c = 0; c < args->channels; c++) {
                *output++ = pixel[c];
            }
        }
    }
}
