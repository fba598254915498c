/* SPDX-License-Identifier: Apache-2.0
 * l1 of 16-bit embeddings: the sum of absolute differences.
 */
#include "mf_scores.h"

int32_t mf_score_l1_s16(const int16_t *a, const int16_t *b, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t difference = a[i] - b[i];
        sum += (uint32_t)(difference < 0 ? -difference : difference);
    }
    return (int32_t)sum;
}
