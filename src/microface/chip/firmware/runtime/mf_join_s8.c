/* SPDX-License-Identifier: Apache-2.0
 * Two tensors one after the other along any axis: s8, s8 -> s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_value.h"

static mf_value *copy(mf_value *to, const mf_value *from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        *to++ = from[i];
    }
    return to;
}

void mf_join_s8(const mf_join_s8_args *args, const mf_value *a, const mf_value *b, mf_value *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->count; i++) {
        output = copy(output, a + i * args->first, args->first);
        output = copy(output, b + i * args->second, args->second);
    }
}
