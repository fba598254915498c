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

int32_t mf_unit_s16(int32_t centred, uint32_t norm)
{
    if (norm == 0) {
        return 0;
    }
    const uint64_t twice = 2 * (uint64_t)norm;
    int32_t unit;
    if (centred >= 0) {
        unit = (int32_t)((((uint64_t)centred << 23) + norm) / twice);
    } else {
        /* floor(-v / d) = -ceil(v / d) with v = 2^23 * |centred| - N. */
        const uint64_t scaled = (uint64_t)-(int64_t)centred << 23;
        unit = scaled > norm ? -(int32_t)((scaled - norm + twice - 1) / twice) : 0;
    }
    return unit > 16384 ? 16384 : unit < -16384 ? -16384 : unit;
}
