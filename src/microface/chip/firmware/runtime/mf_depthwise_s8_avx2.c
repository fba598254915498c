/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX2 hosts, any kernel, stride, padding and dilation: [H][W][C] s8 -> [OH][OW][C] s8, one
 * rounding; C at least 16.
 *
 * Sixteen channels at a time; two rows of a window are interleaved, so that VPMADDWD adds both taps of a column.
 */
#include "mf_avx2.h"
#include "mf_kernels_avx2.h"

typedef mf_depthwise_s8_avx2_args arguments;

enum { BLOCK = 16 };

/* A block of channels: its tables and its first channel. */
typedef struct {
    const int16_t *weights;
    __m256i bias[2];
    mf_avx2_rule rule[2];
    int32_t first;
} block;

static block block_at(const arguments *args, int32_t number)
{
    const int32_t taps = (args->kernel_height + 1) / 2 * args->kernel_width, last = args->channels - BLOCK;
    block self = {.weights = args->weights + 2 * BLOCK * taps * number};
    self.first = BLOCK * number < last ? BLOCK * number : last;
    for (int32_t i = 0; i < 2; i++) {
        const int32_t place = BLOCK * number + 8 * i;
        self.bias[i] = mf_avx2_load(args->bias + place);
        self.rule[i] = mf_avx2_rule_of(args->multiplier + place, args->left + place, args->zero_point);
    }
    return self;
}

/* Sixteen channels of the cell at (y, x), or the padding. */
static inline __m256i cell(const arguments *args, const int8_t *input, int32_t y, int32_t x)
{
    if (y < 0 || y >= args->input_height || x < 0 || x >= args->input_width) {
        return _mm256_set1_epi16(args->input_zero_point);
    }
    return mf_avx2_widen(input + (y * args->input_width + x) * args->channels);
}

static inline void add_taps(__m256i sums[2], __m256i upper, __m256i lower, const int16_t *weights)
{
    const __m256i first = _mm256_unpacklo_epi16(upper, lower), second = _mm256_unpackhi_epi16(upper, lower);
    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(first, mf_avx2_load(weights)));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(second, mf_avx2_load(weights + 16)));
}

/* Sums whose lanes are the channels 0-3 8-11 and 4-7 12-15, as bytes in order: packing undoes the interleaving. */
static inline void store(const arguments *args, const block *self, const __m256i sums[2], int8_t *output)
{
    const __m256i halves = _mm256_packs_epi32(mf_avx2_requantise(sums[0], &self->rule[0]),
                                              mf_avx2_requantise(sums[1], &self->rule[1]));
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    const __m128i lo = _mm_set1_epi8((char)args->lo), hi = _mm_set1_epi8((char)args->hi);
    _mm_storeu_si128((__m128i *)(void *)output, _mm_min_epi8(_mm_max_epi8(bytes, lo), hi));
}

/* Any window. */
static void convolve(const arguments *args, const block *self, const int8_t *input, int32_t top, int32_t left,
                     int8_t *output)
{
    __m256i sums[2] = {self->bias[0], self->bias[1]};
    const int16_t *weights = self->weights;
    for (int32_t ky = 0; ky < args->kernel_height; ky += 2) {
        const int32_t y = top + ky * args->dilation_y;
        for (int32_t kx = 0; kx < args->kernel_width; kx++) {
            const int32_t x = left + kx * args->dilation_x;
            const __m256i upper = cell(args, input, y, x);
            const __m256i lower =
                ky + 1 < args->kernel_height ? cell(args, input, y + args->dilation_y, x) : _mm256_setzero_si256();
            add_taps(sums, upper, lower, weights);
            weights += 2 * BLOCK;
        }
    }
    store(args, self, sums, output);
}

/* A 3x3 window that lies within the input, `pitch` bytes between rows. */
static inline void convolve3x3(const arguments *args, const block *self, const int8_t *input, int32_t pitch,
                               int8_t *output)
{
    __m256i sums[2] = {self->bias[0], self->bias[1]};
    const int16_t *weights = self->weights;
    for (int32_t kx = 0; kx < 3; kx++) {
        const int8_t *column = input + kx * args->channels;
        add_taps(sums, mf_avx2_widen(column), mf_avx2_widen(column + pitch), weights + 2 * BLOCK * kx);
        add_taps(sums, mf_avx2_widen(column + 2 * pitch), _mm256_setzero_si256(), weights + 2 * BLOCK * (kx + 3));
    }
    store(args, self, sums, output);
}

static void convolve_row(const arguments *args, const block *self, const int8_t *input, int32_t y, int8_t *output)
{
    const int32_t pitch = args->input_width * args->channels, top = y * args->stride_y - args->pad_top;
    const int simple = args->kernel_height == 3 && args->kernel_width == 3 && args->dilation_y == 1 &&
                       args->dilation_x == 1 && top >= 0 && top + 3 <= args->input_height;
    for (int32_t x = 0; x < args->output_width; x++) {
        const int32_t left = x * args->stride_x - args->pad_left;
        if (simple && left >= 0 && left + 3 <= args->input_width) {
            convolve3x3(args, self, input + top * pitch + left * args->channels, pitch, output);
        } else {
            convolve(args, self, input, top, left, output);
        }
        output += args->channels;
    }
}

void mf_depthwise_s8_avx2(const mf_depthwise_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t blocks = (args->channels + BLOCK - 1) / BLOCK;
    for (int32_t number = 0; number < blocks; number++) {
        const block self = block_at(args, number);
        for (int32_t y = 0; y < args->output_height; y++) {
            int8_t *row = output + y * args->output_width * args->channels + self.first;
            convolve_row(args, &self, input + self.first, y, row);
        }
    }
}
