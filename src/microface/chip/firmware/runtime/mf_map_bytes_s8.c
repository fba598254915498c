/* SPDX-License-Identifier: Apache-2.0
 * The bytes of a crop become input integers: u8 -> s8, y = byte - 128. The output may be the input.
 */
#include "mf_kernels.h"

void mf_map_bytes_s8(const mf_map_bytes_s8_args *args, const uint8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t i = 0; i < args->elements; i++) {
        output[i] = (int8_t)(input[i] - 128);
    }
}
