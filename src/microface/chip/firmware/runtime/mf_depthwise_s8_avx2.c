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
        const int32_t *below = args->below ? args->below + place : (const int32_t *)0;
        self.rule[i] = mf_avx2_rule_of(args->multiplier + place, below, args->left + place, args->zero_point);
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

/* A 3x3 window: cells[row][column] are sixteen channels of a pixel, or padding. */
static inline void convolve3x3(const arguments *args, const block *self, const int8_t *const cells[3][3],
                               int8_t *output)
{
    __m256i sums[2] = {self->bias[0], self->bias[1]};
    const int16_t *weights = self->weights;
    for (int32_t kx = 0; kx < 3; kx++) {
        add_taps(sums, mf_avx2_widen(cells[0][kx]), mf_avx2_widen(cells[1][kx]), weights + 2 * BLOCK * kx);
        add_taps(sums, mf_avx2_widen(cells[2][kx]), _mm256_setzero_si256(), weights + 2 * BLOCK * (kx + 3));
    }
    store(args, self, sums, output);
}

/* The window whose columns begin at `left` in rows that are NULL in the padding. */
static void convolve_edge(const arguments *args, const block *self, const int8_t *const rows[3], int32_t left,
                          int8_t *output)
{
    int8_t padding[BLOCK];
    const int8_t *cells[3][3];
    _mm_storeu_si128((__m128i *)(void *)padding, _mm_set1_epi8((char)args->input_zero_point));
    for (int32_t i = 0; i < 9; i++) {
        const int32_t x = left + i % 3;
        const int8_t *row = rows[i / 3];
        cells[i / 3][i % 3] = row && x >= 0 && x < args->input_width ? row + x * args->channels : padding;
    }
    convolve3x3(args, self, (const int8_t *const(*)[3])cells, output);
}

/* A row of outputs; rows[ky] is NULL in the padding. */
static void convolve_row3x3(const arguments *args, const block *self, const int8_t *const rows[3], int8_t *output)
{
    const int32_t pixel = args->channels;
    const int whole = rows[0] && rows[1] && rows[2];
    for (int32_t x = 0; x < args->output_width; x++) {
        const int32_t left = x * args->stride_x - args->pad_left;
        if (whole && left >= 0 && left + 3 <= args->input_width) {
            const int8_t *a = rows[0] + left * pixel, *b = rows[1] + left * pixel, *c = rows[2] + left * pixel;
            const int8_t *const cells[3][3] = {
                {a, a + pixel, a + 2 * pixel}, {b, b + pixel, b + 2 * pixel}, {c, c + pixel, c + 2 * pixel}};
            convolve3x3(args, self, cells, output);
        } else {
            convolve_edge(args, self, rows, left, output);
        }
        output += pixel;
    }
}

static void run_block3x3(const arguments *args, const block *self, const int8_t *input, int8_t *output)
{
    for (int32_t y = 0; y < args->output_height; y++) {
        const int8_t *rows[3];
        for (int32_t ky = 0; ky < 3; ky++) {
            const int32_t iy = y * args->stride_y - args->pad_top + ky;
            const int inside = iy >= 0 && iy < args->input_height;
            rows[ky] = inside ? input + iy * args->input_width * args->channels : (const int8_t *)0;
        }
        convolve_row3x3(args, self, rows, output);
        output += args->output_width * args->channels;
    }
}

static void run_block(const arguments *args, const block *self, const int8_t *input, int8_t *output)
{
    for (int32_t y = 0; y < args->output_height; y++) {
        const int32_t top = y * args->stride_y - args->pad_top;
        for (int32_t x = 0; x < args->output_width; x++) {
            convolve(args, self, input, top, x * args->stride_x - args->pad_left, output);
            output += args->channels;
        }
    }
}

void mf_depthwise_s8_avx2(const mf_depthwise_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t blocks = (args->channels + BLOCK - 1) / BLOCK;
    const int usual =
        args->kernel_height == 3 && args->kernel_width == 3 && args->dilation_y == 1 && args->dilation_x == 1;
    for (int32_t number = 0; number < blocks; number++) {
        const block self = block_at(args, number);
        if (usual) {
            run_block3x3(args, &self, input + self.first, output + self.first);
        } else {
            run_block(args, &self, input + self.first, output + self.first);
        }
    }
}
