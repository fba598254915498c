/* SPDX-License-Identifier: Apache-2.0
 * Prepares and runs one channel of a 3x3 depthwise convolution, see mf_dsp_planes.h for the loops.
 */
#include "mf_dsp_depthwise.h"

#include "mf_dsp.h"

/* Constants per channel. */
#ifdef MF_TFLITE
enum { CHANNEL = 4 };
#elif defined(MF_PRELU)
enum { CHANNEL = 3 };
#else
enum { CHANNEL = 2 };
#endif

static mf_dsp_walk *walk_of(uint32_t *head, int32_t stride)
{
    return stride == 1 ? &((mf_dsp_plane1 *)head)->walk : &((mf_dsp_plane2 *)head)->walk;
}

mf_dsp_walk *mf_dsp_begin(uint32_t *head, const mf_dsp_depthwise *shape)
{
    mf_dsp_walk *walk = walk_of(head, shape->stride);
#ifndef MF_TFLITE
    walk->zero_point = shape->zero_point;
#endif
    walk->step = 8 * shape->stride - 2 * shape->plane_pitch;
    walk->row_pitch = shape->stride * shape->plane_pitch;
    walk->row_skip = walk->row_pitch - 8 * shape->stride * shape->steps;
    return walk;
}

/* Three nibbles as bytes, sign-extended, in a word with zero above. */
static uint32_t bytes_of(uint32_t nibbles)
{
    const uint32_t bytes = (nibbles & 0xfU) | (nibbles & 0xf0U) << 4 | (nibbles & 0xf00U) << 8;
    return (((bytes ^ 0x080808U) | 0x808080U) - 0x080808U) ^ 0x808080U;
}

/* The three rows of taps of channel `c`, w0 w1 w2 0; `words` holds them where they are made of nibbles. */
static const int8_t *taps_of(const mf_dsp_channels *channels, int32_t c, uint32_t words[3])
{
    if (!channels->nibbles) {
        return channels->weights + 12 * c;
    }
    for (int32_t row = 0; row < 3; row++) {
        words[row] = bytes_of(channels->nibbles[3 * c + row]);
    }
    return (const int8_t *)words;
}

void mf_dsp_set_channel(uint32_t *head, const mf_dsp_depthwise *shape, const mf_dsp_channels *channels, int32_t c)
{
    const int32_t *constants = channels->constants + CHANNEL * c;
    const uint32_t left = channels->left ? channels->left[c] : 0;
    uint32_t words[3];
    const int8_t *weights = taps_of(channels, c, words);
    head[0] = head[1] = head[2] = head[3] = (uint32_t)constants[0];
    uint32_t *taps = head + 4;
    for (int32_t row = 0; row < 3; row++) {
        const uint32_t word = mf_dsp_load(weights + 4 * row);
        const uint32_t even = mf_dsp_even(word), odd = mf_dsp_odd(word);
        const uint32_t w0 = even << left & 0xffffU, w1 = odd << left & 0xffffU, w2 = even >> 16 << left & 0xffffU;
        *taps++ = w0 | w1 << 16;
        *taps++ = w2;
        if (shape->stride == 1) {
            *taps++ = w0 << 16;
            *taps++ = w1 | w2 << 16;
        }
    }
    mf_dsp_walk *walk = walk_of(head, shape->stride);
    walk->multiplier = constants[1];
#ifdef MF_TFLITE
    walk->offset = constants[2];
    walk->right = constants[3];
#elif defined(MF_PRELU)
    walk->more_below = constants[2];
#endif
}

void mf_dsp_rows(uint32_t *head, const mf_dsp_depthwise *shape, const int8_t *cells, int32_t rows, int8_t *output,
                 int32_t pitch)
{
    mf_dsp_walk *walk = walk_of(head, shape->stride);
    walk->output = output;
    walk->pitch = pitch;
    walk->last_pitch = 3 * pitch;
    walk->output_skip = (shape->output_width - 4 * shape->steps) * pitch;
    walk->row_end = cells + 8 * shape->stride * shape->steps;
    walk->rows = rows;
    const uint32_t *words = (const uint32_t *)(const void *)cells;
    if (shape->stride == 1) {
        mf_dsp_rows1((mf_dsp_plane1 *)head, words, shape->plane_pitch);
    } else {
        mf_dsp_rows2((mf_dsp_plane2 *)head, words, shape->plane_pitch);
    }
}

#ifndef MF_PRELU /* the same there */
void mf_dsp_fill(int8_t *cells, int16_t value, int32_t count)
{
    int16_t *cell = (int16_t *)(void *)cells;
    for (const int16_t *end = cell + count; cell < end; cell++) {
        *cell = value;
    }
}

void mf_dsp_move(uint32_t *to, const uint32_t *from, int32_t words)
{
    for (; words >= 4; words -= 4) {
        const uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        from += 4;
        to += 4;
    }
    for (; words > 0; words--) {
        *to++ = *from++;
    }
}
#endif
