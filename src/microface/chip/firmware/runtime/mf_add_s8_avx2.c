/* SPDX-License-Identifier: Apache-2.0
 * Sum of two tensors on AVX2 hosts: s8, s8 -> s8; both products and their sum are one VPMADDWD.
 * The output may be one of the inputs.
 */
#include "mf_avx2.h"
#include "mf_kernels_avx2.h"
#include "mf_requantise.h"

static inline __m256i sums_of(const mf_add_s8_avx2_args *args, __m256i pairs)
{
    const __m256i factors = _mm256_set1_epi32((int32_t)((uint32_t)args->ma | (uint32_t)args->mb << 16));
    const __m256i sums = _mm256_add_epi32(_mm256_madd_epi16(pairs, factors), _mm256_set1_epi32(args->c));
    return _mm256_sra_epi32(sums, _mm_cvtsi32_si128(args->shift));
}

void mf_add_s8_avx2(const mf_add_s8_avx2_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch)
{
    (void)scratch;
    const mf_add_s8_avx2_args copy = *args; /* in registers: the output might otherwise alias it */
    const __m128i lo = _mm_set1_epi8((char)copy.lo), hi = _mm_set1_epi8((char)copy.hi);
    int32_t i = 0;
    for (; i + 16 <= copy.elements; i += 16) {
        const __m256i x = mf_avx2_widen(a + i), y = mf_avx2_widen(b + i);
        /* Unpacking and packing leave the values in order. */
        const __m256i halves = _mm256_packs_epi32(sums_of(&copy, _mm256_unpacklo_epi16(x, y)),
                                                  sums_of(&copy, _mm256_unpackhi_epi16(x, y)));
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
        _mm_storeu_si128((__m128i *)(void *)(output + i), _mm_min_epi8(_mm_max_epi8(bytes, lo), hi));
    }
    for (; i < copy.elements; i++) {
        const int32_t sum = a[i] * copy.ma + b[i] * copy.mb + copy.c;
        output[i] = (int8_t)mf_clamp(sum >> copy.shift, copy.lo, copy.hi);
    }
}
