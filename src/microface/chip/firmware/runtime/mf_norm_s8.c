/* SPDX-License-Identifier: Apache-2.0
 * The norm of an embedding. 65,536 squares of at most 255 stay below 2^32.
 */
#include "mf_scores.h"

uint32_t mf_norm_s8(const int8_t *x, uint32_t count, int32_t zero_point)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t centred = x[i] - zero_point;
        sum += (uint32_t)(centred * centred);
    }
    return mf_isqrt((uint64_t)sum << 16);
}
