/* SPDX-License-Identifier: Apache-2.0
 * Embeddings brought to the length 2^14, value by value, so that no buffer is needed.
 */
#include "mf_scores.h"

uint32_t mf_norm_s8(const int8_t *x, uint32_t count, int32_t zero_point)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t centred = x[i] - zero_point;
        sum += (uint32_t)(centred * centred);
    }
    return mf_isqrt(sum << 16);
}

/* 2^23 * 255 + N stays below 2^32, so one unsigned 32-bit division does; the sign is split off for that. */
int32_t mf_unit(int32_t centred, uint32_t norm)
{
    if (norm == 0) {
        return 0;
    }
    int32_t unit;
    if (centred >= 0) {
        unit = (int32_t)((((uint32_t)centred << 23) + norm) / (2 * norm));
    } else {
        /* floor(-v / d) = -ceil(v / d) with v = 2^23 * |centred| - N. */
        const uint32_t scaled = (uint32_t)-centred << 23;
        unit = scaled > norm ? -(int32_t)((scaled - norm + 2 * norm - 1) / (2 * norm)) : 0;
    }
    return unit > 16384 ? 16384 : unit < -16384 ? -16384 : unit;
}
