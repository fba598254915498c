/* SPDX-License-Identifier: Apache-2.0
 * 16-bit embeddings brought to the length 2^14, value by value, so that no buffer is needed.
 */
#include "mf_scores.h"

uint32_t mf_norm_s16(const int16_t *x, uint32_t count, int32_t zero_point)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t centred = x[i] - zero_point;
        sum += (uint64_t)(centred * centred);
    }
    return mf_isqrt(sum << 16);
}

/* As mf_unit, with numbers of 64 bits. */
int32_t mf_unit_s16(int32_t centred, uint32_t norm)
{
    const uint64_t twice = norm > 0 ? 2 * (uint64_t)norm : 1;
    const uint64_t negative = centred < 0;
    const uint64_t size = negative ? (uint64_t)-(int64_t)centred : (uint64_t)centred;
    const int32_t unit = (int32_t)(((size << 23) + norm - negative) / twice);
    return negative ? -unit : unit;
}
