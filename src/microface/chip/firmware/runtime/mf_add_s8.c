/* SPDX-License-Identifier: Apache-2.0
 * Sum of two tensors of one shape and two scales: s8, s8 -> s8, floor after c has added the half.
 * The output may be one of the inputs.
 */
#include "mf_kernels.h"
#include "mf_requantise.h"

void mf_add_s8(const mf_add_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i++) {
        const int32_t sum = a[i] * args->ma + b[i] * args->mb + args->c;
        output[i] = (int8_t)mf_clamp(sum >> args->shift, args->lo, args->hi);
    }
}
