/* SPDX-License-Identifier: Apache-2.0
 * Two tensors one after the other along any axis: s8, s8 -> s8.
 */
#include "mf_kernels_tflite.h"

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        *to++ = from[i];
    }
    return to;
}

void mf_join_s8(const mf_join_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->count; i++) {
        output = copy(output, a + i * args->first, args->first);
        output = copy(output, b + i * args->second, args->second);
    }
}
