/* SPDX-License-Identifier: Apache-2.0
 * Channels of two tensors side by side: [pixels][A] s8, [pixels][B] s8 -> [pixels][A + B] s8.
 * Bytes are moved in rising order, so that a byte of an overlapped input is read before it is written over.
 */
#include "mf_kernels_concat.h"

static int8_t *copy(int8_t *output, const int8_t *input, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        *output++ = input[i];
    }
    return output;
}

void mf_concat_s8(const mf_concat_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch)
{
    (void)scratch;
    const mf_concat_s8_args sizes = *args; /* in registers: the output might otherwise alias it */
    for (int32_t pixel = 0; pixel < sizes.pixels; pixel++) {
        output = copy(output, a, sizes.channels_a);
        output = copy(output, b, sizes.channels_b);
        a += sizes.channels_a;
        b += sizes.channels_b;
    }
}
