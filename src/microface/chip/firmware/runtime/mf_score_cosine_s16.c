/* SPDX-License-Identifier: Apache-2.0
 * cosine: one less the cosine of the angle between both 16-bit embeddings.
 */
#include "mf_scores.h"

/* The floor of value / 2^14, also below zero, without shifting a negative number. */
static int32_t floor_shift(int64_t value)
{
    const int64_t lifted = value + (INT64_C(1) << 40);
    return (int32_t)((lifted >> 14) - (INT64_C(1) << 26));
}

int32_t mf_score_cosine_s16(const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point)
{
    const uint32_t norm_a = mf_norm_s16(a, count, zero_point);
    const uint32_t norm_b = mf_norm_s16(b, count, zero_point);
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (int64_t)mf_unit_s16(a[i] - zero_point, norm_a) * mf_unit_s16(b[i] - zero_point, norm_b);
    }
    return 16384 - floor_shift(sum + 8192);
}
