/* SPDX-License-Identifier: Apache-2.0
 * What the kernels for AVX2 hosts share: exact requantisation of eight sums at a time.
 */
#ifndef MF_AVX2_H
#define MF_AVX2_H

#include <immintrin.h>
#include <stdint.h>

static inline __m256i mf_avx2_load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

/* Sixteen bytes, sign-extended to halves. */
static inline __m256i mf_avx2_widen(const int8_t *from)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}

#ifdef MF_TFLITE
/* How eight channels' sums become outputs with TFLite's two roundings; `left` holds its shifts. */
typedef struct {
    __m256i multiplier, multiplier_odd, left, right, half, sign, zero_point;
} mf_avx2_rule;

static inline mf_avx2_rule mf_avx2_rule_of(const int32_t *multiplier, const int32_t *below, const int32_t *shift,
                                           int32_t zero_point)
{
    (void)below; /* TFLite's PRELU is an operator of its own */
    const __m256i factors = mf_avx2_load(multiplier), shifts = mf_avx2_load(shift), none = _mm256_setzero_si256();
    const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(none, shifts), none);
    return (mf_avx2_rule){factors,
                          _mm256_srli_epi64(factors, 32),
                          _mm256_max_epi32(shifts, none),
                          right,
                          _mm256_srli_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), right), 1),
                          _mm256_cmpgt_epi32(right, none),
                          _mm256_set1_epi32(zero_point)};
}

/* Eight sums: a rounding doubling high multiply, even and odd lanes apart, then the division, halves away from zero. */
static inline __m256i mf_avx2_requantise(__m256i sums, const mf_avx2_rule *rule)
{
    const __m256i shifted = _mm256_sllv_epi32(sums, rule->left), one = _mm256_set1_epi64x(INT64_C(0x40000000));
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(shifted, rule->multiplier), one);
    const __m256i odd_lanes = _mm256_srli_epi64(shifted, 32);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(odd_lanes, rule->multiplier_odd), one);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
    const __m256i sign = _mm256_and_si256(_mm256_srai_epi32(high, 31), rule->sign);
    const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(high, rule->half), sign);
    return _mm256_add_epi32(_mm256_srav_epi32(rounded, rule->right), rule->zero_point);
}
#else
/* How eight channels' sums become outputs, as mf_highmul says; sums below zero are multiplied by `below`. `offset`
 * holds the half that rounds and, above it, the zero point. */
typedef struct {
    __m256i multiplier, below, left, offset;
} mf_avx2_rule;

static inline mf_avx2_rule mf_avx2_rule_of(const int32_t *multiplier, const int32_t *below, const int32_t *left,
                                           int32_t zero_point)
{
    const int64_t offset = zero_point * (INT64_C(1) << 32) + INT64_C(0x80000000);
    return (mf_avx2_rule){mf_avx2_load(multiplier), mf_avx2_load(below ? below : multiplier), mf_avx2_load(left),
                          _mm256_set1_epi64x(offset)};
}

/* Each sum's factor, chosen by its sign. */
static inline __m256i mf_avx2_factors(__m256i sums, const mf_avx2_rule *rule)
{
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(rule->multiplier),
                                                _mm256_castsi256_ps(rule->below), _mm256_castsi256_ps(sums)));
}

/* Eight sums: multiplied in 64 bits, even and odd lanes apart, rounded, the upper halves taken. */
static inline __m256i mf_avx2_requantise(__m256i sums, const mf_avx2_rule *rule)
{
    const __m256i shifted = _mm256_sllv_epi32(sums, rule->left), factors = mf_avx2_factors(sums, rule);
    const __m256i even = _mm256_mul_epi32(shifted, factors);
    const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(shifted, 32), _mm256_srli_epi64(factors, 32));
    const __m256i low = _mm256_srli_epi64(_mm256_add_epi64(even, rule->offset), 32);
    return _mm256_blend_epi32(low, _mm256_add_epi64(odd, rule->offset), 0xaa);
}
#endif

/* Sixteen values as bytes, cut to lo .. hi. */
static inline __m128i mf_avx2_pack(__m256i first, __m256i second, int32_t lo, int32_t hi)
{
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    return _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8((char)lo)), _mm_set1_epi8((char)hi));
}

#endif
