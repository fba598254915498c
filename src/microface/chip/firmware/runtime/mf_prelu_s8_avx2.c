/* SPDX-License-Identifier: Apache-2.0
 * Another slope below zero for each channel, on AVX2 hosts: sixteen values at a time, the product is one VPMULHRSW.
 * The output may be the input.
 */
#include "mf_avx2.h"
#include "mf_kernels_avx2.h"
#include "mf_requantise.h"

void mf_prelu_s8_avx2(const mf_prelu_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const mf_prelu_s8_avx2_args copy = *args; /* in registers: the output might otherwise alias it */
    const __m256i zero_point = _mm256_set1_epi16(copy.zero_point);
    int32_t i = 0, c = 0;
    for (; i + 16 <= copy.elements; i += 16) {
        const __m256i value = _mm256_sub_epi16(mf_avx2_widen(input + i), zero_point);
        /* (2 * value * slope + 2^14) >> 15 */
        const __m256i bent = _mm256_mulhrs_epi16(_mm256_add_epi16(value, value), mf_avx2_load(copy.slopes + c));
        const __m256i below = _mm256_srai_epi16(value, 15);
        const __m256i result = _mm256_add_epi16(_mm256_blendv_epi8(value, bent, below), zero_point);
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
        _mm_storeu_si128((__m128i *)(void *)(output + i), bytes);
        c = c + 16 == copy.period ? 0 : c + 16;
    }
    for (; i < copy.elements; i++) {
        const int32_t value = input[i] - copy.zero_point;
        const int32_t bent = value < 0 ? (value * copy.slopes[c++] + (1 << 13)) >> 14 : (c++, value);
        output[i] = (int8_t)mf_clamp(bent + copy.zero_point, INT8_MIN, INT8_MAX);
    }
}
