/* SPDX-License-Identifier: Apache-2.0
 * Scores: distances of two embeddings in integers; smaller is nearer.
 *
 * x' = x - zero_point. Sums are exact (at most 65,536 values); isqrt is the floor of the root.
 *  l1      sum |a' - b'|
 *  l2      isqrt(64 * sum (a' - b')^2), in eighths
 *  l2norm  isqrt(sum (ua - ub)^2), in 2^-14
 *  cosine  2^14 - ((sum ua * ub + 2^13) >> 14), in 2^-14; may fall a little below 0 by the rounding of u
 * u is x' scaled to length 2^14: N = isqrt(2^16 * sum x'^2), u = floor((2^23 * x' + N) / (2 * N)), all 0 where N = 0.
 */
#ifndef MF_SCORES_H
#define MF_SCORES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { MF_SCORE_L1 = 1, MF_SCORE_L2 = 2, MF_SCORE_L2NORM = 3, MF_SCORE_COSINE = 4 } mf_score;

/* Two embeddings of `count` values, 1..65536; the zero point, -128..127, matters to l2norm and cosine alone. */
int32_t mf_score_l1_s8(const int8_t *a, const int8_t *b, uint32_t count);
int32_t mf_score_l2_s8(const int8_t *a, const int8_t *b, uint32_t count);
int32_t mf_score_l2norm_s8(const int8_t *a, const int8_t *b, uint32_t count, int32_t zero_point);
int32_t mf_score_cosine_s8(const int8_t *a, const int8_t *b, uint32_t count, int32_t zero_point);

/* The one of these that `score` names. */
int32_t mf_distance_s8(mf_score score, const int8_t *a, const int8_t *b, uint32_t count, int32_t zero_point);

/* The same for 16-bit embeddings of at most 2,048 values, zero point -32768..32767. */
int32_t mf_score_l1_s16(const int16_t *a, const int16_t *b, uint32_t count);
int32_t mf_score_l2_s16(const int16_t *a, const int16_t *b, uint32_t count);
int32_t mf_score_l2norm_s16(const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point);
int32_t mf_score_cosine_s16(const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point);
int32_t mf_distance_s16(mf_score score, const int16_t *a, const int16_t *b, uint32_t count, int32_t zero_point);

/* Floor of the square root. */
uint32_t mf_isqrt(uint64_t value);

/* N of an embedding, below 2^24 for s8; mf_unit.h has u. */
uint32_t mf_norm_s8(const int8_t *x, uint32_t count, int32_t zero_point);

/* N and u for s16: N below 2^30, centred values of 17 bits. */
uint32_t mf_norm_s16(const int16_t *x, uint32_t count, int32_t zero_point);
int32_t mf_unit_s16(int32_t centred, uint32_t norm);

#ifdef __cplusplus
}
#endif

#endif
