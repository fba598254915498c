/* SPDX-License-Identifier: Apache-2.0
 * Another scale, zero point or range: s16 -> s16. The output may be the input.
 */
#include "mf_kernels_s16.h"
#include "mf_rescale.h"

void mf_rescale_s16(const mf_rescale_s16_args *args, const int16_t *input, int16_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i++) {
        const int32_t value = mf_rescale(input[i] - args->input_zero_point, args->multiplier, args->shift);
        output[i] = (int16_t)mf_clamp(value + args->zero_point, args->lo, args->hi);
    }
}
