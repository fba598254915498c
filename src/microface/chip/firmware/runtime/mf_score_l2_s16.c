/* SPDX-License-Identifier: Apache-2.0
 * l2 of 16-bit embeddings: the Euclidean distance in eighths.
 */
#include "mf_scores.h"

int32_t mf_score_l2_s16(const int16_t *a, const int16_t *b, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t difference = a[i] - b[i];
        sum += (uint64_t)(difference * difference);
    }
    return (int32_t)mf_isqrt(64 * sum);
}
