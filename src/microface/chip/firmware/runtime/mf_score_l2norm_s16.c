/* SPDX-License-Identifier: Apache-2.0
 * l2norm: the Euclidean distance of both 16-bit embeddings brought to one length.
 */
#include "mf_scores.h"

int32_t mf_score_l2norm_s16(const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point)
{
    const uint32_t norm_a = mf_norm_s16(a, count, zero_point);
    const uint32_t norm_b = mf_norm_s16(b, count, zero_point);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t difference = mf_unit_s16(a[i] - zero_point, norm_a) - mf_unit_s16(b[i] - zero_point, norm_b);
        sum += (uint32_t)(difference * difference);
    }
    return (int32_t)mf_isqrt(sum);
}
