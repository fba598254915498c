/* SPDX-License-Identifier: Apache-2.0
 * The distance of 16-bit embeddings by the score that a model names.
 */
#include "mf_scores.h"

int32_t mf_distance_s16(mf_score score, const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point)
{
    switch (score) {
    case MF_SCORE_L1:
        return mf_score_l1_s16(a, b, count);
    case MF_SCORE_L2:
        return mf_score_l2_s16(a, b, count);
    case MF_SCORE_L2NORM:
        return mf_score_l2norm_s16(a, b, count, zero_point);
    case MF_SCORE_COSINE:
        return mf_score_cosine_s16(a, b, count, zero_point);
    }
    return INT32_MAX; /* no such score: never near */
}
