/* SPDX-License-Identifier: Apache-2.0
 * The bytes of a crop become input integers: u8 -> s8, y = byte - 128. The output may be the input.
 */
#include "mf_kernels.h"

void mf_map_bytes_s8(const mf_map_bytes_s8_args *args, const uint8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    int32_t i = 0;
    for (; i + 4 <= args->elements; i += 4) {
        uint32_t word; /* byte - 128 is the byte with its highest bit turned, four at a time */
        __builtin_memcpy(&word, input + i, sizeof word);
        word ^= 0x80808080U;
        __builtin_memcpy(output + i, &word, sizeof word);
    }
    for (; i < args->elements; i++) {
        output[i] = (int8_t)(input[i] - 128);
    }
}
