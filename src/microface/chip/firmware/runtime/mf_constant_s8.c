/* SPDX-License-Identifier: Apache-2.0
 * A constant goes to the arena, where kernels read their inputs.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

void mf_constant_s8(const mf_constant_s8_args *args, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i++) {
        output[i] = args->values[i];
    }
}
