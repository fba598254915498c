/* SPDX-License-Identifier: Apache-2.0
 * Any function of a byte by a table: s8 -> s8. The output may be the input.
 */
#include "mf_kernels_tflite.h"

void mf_lookup_s8(const mf_lookup_s8_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i++) {
        output[i] = args->table[input[i] + 128];
    }
}
