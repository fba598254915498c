/* SPDX-License-Identifier: Apache-2.0
 * cosine: one less the cosine of the angle between both embeddings.
 */
#include "mf_scores.h"
#include "mf_unit.h"

int32_t mf_score_cosine_s8(const int8_t *a, const int8_t *b, uint32_t count, int32_t zero_point)
{
    const uint32_t norm_a = mf_norm_s8(a, count, zero_point), twice_a = mf_unit_divisor(norm_a);
    const uint32_t norm_b = mf_norm_s8(b, count, zero_point), twice_b = mf_unit_divisor(norm_b);
    int32_t sum = 0; /* of two vectors of length 2^14, up to the rounding of 65,536 values: below 2^29 */
    for (uint32_t i = 0; i < count; i++) {
        sum += mf_unit(a[i] - zero_point, norm_a, twice_a) * mf_unit(b[i] - zero_point, norm_b, twice_b);
    }
    /* The floor of (sum + 2^13) / 2^14, also below zero, without shifting a negative number. */
    const uint32_t lifted = (uint32_t)(sum + 8192 + (1 << 30)) >> 14;
    return 16384 + (1 << 16) - (int32_t)lifted;
}
