/* SPDX-License-Identifier: Apache-2.0
 * Matrix products on AVX2 hosts: sixteen channels times up to six pixels, pairs of inputs by VPMADDWD (exact: two
 * products of bytes and their sum fit 32 bits).
 */
#include "mf_avx2_matrix.h"

#include <string.h>

#include "mf_avx2.h"

enum { BLOCK = 16, MOST = 6 };

int16_t *mf_avx2_widen_all(int16_t *to, const int8_t *from, int32_t count)
{
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm256_storeu_si256((__m256i *)(void *)(to + i), mf_avx2_widen(from + i));
    }
    for (; i < count; i++) {
        to[i] = from[i];
    }
    if (count & 1) {
        to[count] = 0;
    }
    return to + ((count + 1) & ~1);
}

/* The same for all pixels of a block. */
typedef struct {
    const int8_t *weights;
    __m256i bias[2];
    mf_avx2_rule rule[2];
    int32_t pairs, pitch, channels, lo, hi;
} block;

static inline __m256i pair_of(const int16_t *pair)
{
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return _mm256_set1_epi32(both);
}

static inline void store(const block *self, int8_t *output, __m256i first, __m256i second)
{
    const __m128i bytes = mf_avx2_pack(mf_avx2_requantise(first, &self->rule[0]),
                                       mf_avx2_requantise(second, &self->rule[1]), self->lo, self->hi);
    if (self->channels == BLOCK) {
        _mm_storeu_si128((__m128i *)(void *)output, bytes);
    } else {
        int8_t some[BLOCK];
        _mm_storeu_si128((__m128i *)(void *)some, bytes);
        memcpy(output, some, (size_t)self->channels);
    }
}

/* `count` is constant where this is inlined, so that sums stay in registers. */
static inline __attribute__((always_inline)) void multiply(const block *self, const int16_t *pixels, int8_t *output,
                                                           const int32_t count)
{
    __m256i sums[MOST][2];
    const int8_t *weights = self->weights;
    for (int32_t i = 0; i < count; i++) {
        sums[i][0] = self->bias[0];
        sums[i][1] = self->bias[1];
    }
    for (int32_t pair = 0; pair < self->pairs; pair++) {
        const __m256i w0 = mf_avx2_widen(weights), w1 = mf_avx2_widen(weights + 16);
        for (int32_t i = 0; i < count; i++) {
            const __m256i x = pair_of(pixels + 2 * (i * self->pairs + pair));
            sums[i][0] = _mm256_add_epi32(sums[i][0], _mm256_madd_epi16(x, w0));
            sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_madd_epi16(x, w1));
        }
        weights += 2 * BLOCK;
    }
    for (int32_t i = 0; i < count; i++) {
        store(self, output + i * self->pitch, sums[i][0], sums[i][1]);
    }
}

static void multiply_rest(const block *self, const int16_t *pixels, int8_t *output, int32_t count)
{
    switch (count) {
    case 1: multiply(self, pixels, output, 1); break;
    case 2: multiply(self, pixels, output, 2); break;
    case 3: multiply(self, pixels, output, 3); break;
    case 4: multiply(self, pixels, output, 4); break;
    case 5: multiply(self, pixels, output, 5); break;
    default: break;
    }
}

static block block_at(const mf_matrix_avx2_args *args, int32_t first)
{
    block self = {.weights = args->weights + 2 * args->pairs * first,
                  .pairs = args->pairs,
                  .pitch = args->output_channels,
                  .lo = args->lo,
                  .hi = args->hi};
    const int32_t left = args->output_channels - first;
    self.channels = left < BLOCK ? left : BLOCK;
    for (int32_t i = 0; i < 2; i++) {
        const int32_t channel = first + 8 * i;
        self.bias[i] = mf_avx2_load(args->bias + channel);
        const int32_t *below = args->below ? args->below + channel : (const int32_t *)0;
        self.rule[i] = mf_avx2_rule_of(args->multiplier + channel, below, args->left + channel, args->zero_point);
    }
    return self;
}

void mf_avx2_tile(const mf_matrix_avx2_args *args, const int16_t *pixels, int32_t count, int8_t *output)
{
    for (int32_t first = 0; first < args->output_channels; first += BLOCK) {
        const block self = block_at(args, first);
        int32_t i = 0;
        for (; i + MOST <= count; i += MOST) {
            multiply(&self, pixels + 2 * i * args->pairs, output + i * self.pitch + first, MOST);
        }
        multiply_rest(&self, pixels + 2 * i * args->pairs, output + i * self.pitch + first, count - i);
    }
}
