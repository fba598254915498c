/* SPDX-License-Identifier: Apache-2.0
 * l2norm: the Euclidean distance of both embeddings brought to one length.
 */
#include "mf_scores.h"
#include "mf_unit.h"

int32_t mf_score_l2norm_s8(const int8_t *a, const int8_t *b, uint32_t count, int32_t zero_point)
{
    const uint32_t norm_a = mf_norm_s8(a, count, zero_point), twice_a = mf_unit_divisor(norm_a);
    const uint32_t norm_b = mf_norm_s8(b, count, zero_point), twice_b = mf_unit_divisor(norm_b);
    uint32_t sum = 0; /* at most that of opposite vectors of length 2^14: about 2^30 */
    for (uint32_t i = 0; i < count; i++) {
        const int32_t difference =
            mf_unit(a[i] - zero_point, norm_a, twice_a) - mf_unit(b[i] - zero_point, norm_b, twice_b);
        sum += (uint32_t)(difference * difference);
    }
    return (int32_t)mf_isqrt(sum);
}
