/* SPDX-License-Identifier: Apache-2.0
 * Fills the panels of mf_dsp_panels.h: bytes become 16-bit pairs once per tile.
 */
#include "mf_dsp_matrix.h"

#include "mf_dsp.h"
#include "mf_dsp_widen.h"

/* Constants per pair of channels. */
#ifdef MF_TFLITE
enum { PAIR = 8 };
#elif defined(MF_PRELU)
enum { PAIR = 6 };
#else
enum { PAIR = 4 };
#endif

#ifndef MF_PRELU /* the same there */
void mf_dsp_widen_pixel(uint32_t *panel, const int8_t *pixel, int32_t inputs, int32_t step)
{
    const int8_t *whole_end = pixel + (inputs & ~3);
    for (; pixel < whole_end; pixel += 4) {
        const uint32_t word = mf_dsp_load(pixel);
        panel[0] = mf_dsp_even(word);
        panel[1] = mf_dsp_odd(word);
        panel += step;
    }
    if (inputs & 3) {
        const uint32_t word = mf_dsp_load_few(pixel, inputs & 3);
        panel[0] = mf_dsp_even(word);
        panel[1] = mf_dsp_odd(word);
    }
}

void mf_dsp_widen(uint32_t *panel, const int8_t *pixels, int32_t count, int32_t inputs)
{
    const int32_t words = inputs / 4, rest = inputs & 3;
    for (; count > 1; count -= 2) {
        panel = words ? mf_dsp_widen_two(panel, pixels, pixels + inputs, words) : panel;
        if (rest) {
            const uint32_t a = mf_dsp_load_few(pixels + 4 * words, rest);
            const uint32_t b = mf_dsp_load_few(pixels + inputs + 4 * words, rest);
            *panel++ = mf_dsp_even(a);
            *panel++ = mf_dsp_odd(a);
            *panel++ = mf_dsp_even(b);
            *panel++ = mf_dsp_odd(b);
        }
        pixels += 2 * inputs;
    }
    if (count) {
        mf_dsp_widen_pixel(panel, pixels, inputs, 2);
    }
}
#endif

/* Scale all pairs of halves, channel u or v, by 2^left: exact in 16 bits, since |w| <= 128 and left <= 8. */
static void shift_weights(uint32_t *panel, int32_t groups, const uint8_t *left)
{
    for (int32_t group = 0; group < groups; group++) {
        for (int32_t i = 0; i < 4; i++) {
            const uint32_t shift = left[i & 1];
            panel[i] = ((panel[i] & 0xffffU) << shift & 0xffffU) | (panel[i] & 0xffff0000U) << shift;
        }
        panel += (groups - group - 1) % MF_DSP_CHUNK == 0 ? 5 : 4; /* a word follows each chunk */
    }
}

static uint32_t *widen_channels(const mf_matrix_dsp_args *args, int32_t pair, uint32_t *panel)
{
    const int32_t first = 4 * args->groups * pair;
    return args->nibbles ? mf_dsp_widen_nibbles(panel, args->nibbles + first, args->groups)
                         : mf_dsp_widen_weights(panel, args->weights + 2 * first, args->groups);
}

mf_dsp_tail *mf_dsp_fill_panel(const mf_matrix_dsp_args *args, int32_t pair, uint32_t *panel)
{
    const int32_t *constants = args->pairs + PAIR * pair;
    mf_dsp_head *head = (mf_dsp_head *)panel;
    head->bias[0] = head->bias[2] = constants[0];
    head->bias[1] = head->bias[3] = constants[1];
    uint32_t *groups = panel + sizeof *head / sizeof *panel;
    uint32_t *next = widen_channels(args, pair, groups);
    if (args->left) {
        shift_weights(groups, args->groups, args->left + 2 * pair);
    }
    mf_dsp_tail *tail = (mf_dsp_tail *)next;
    tail->multiplier[0] = constants[2];
    tail->multiplier[1] = constants[3];
#ifdef MF_TFLITE
    __builtin_memcpy(tail->offset, constants + 4, sizeof tail->offset + sizeof tail->right);
#else
#ifdef MF_PRELU
    __builtin_memcpy(tail->more_below, constants + 4, sizeof tail->more_below);
#endif
    tail->zero_point = args->zero_point;
#endif
    tail->pitch = args->output_channels;
    tail->pitch_and_one = args->output_channels + 1;
    tail->panel = panel;
    return tail;
}

#ifndef MF_PRELU /* the same there */
int32_t mf_dsp_skip(int32_t groups, int32_t group_bytes)
{
    return (MF_DSP_CHUNK - groups % MF_DSP_CHUNK) % MF_DSP_CHUNK * group_bytes;
}
#endif

void mf_dsp_tile(const mf_matrix_dsp_args *args, uint32_t *panel, const uint32_t *pixels, int32_t count,
                 int8_t *output)
{
    const int32_t pairs = (args->output_channels + 1) / 2;
    const uint32_t *single = pixels + count / 2 * 4 * args->groups;
    for (int32_t pair = 0; pair < pairs; pair++) {
        const int32_t channel = 2 * pair + 2 > args->output_channels ? 2 * pair - 1 : 2 * pair;
        mf_dsp_tail *tail = mf_dsp_fill_panel(args, pair, panel);
        tail->output = output + channel;
        tail->pixels_end = single;
        if (count > 1) {
            ((mf_dsp_head *)panel)->skip = mf_dsp_skip(args->groups, MF_DSP_GROUP_2X2);
            mf_dsp_panels_2x2(panel, pixels);
        }
        if (count & 1) {
            ((mf_dsp_head *)panel)->skip = mf_dsp_skip(args->groups, MF_DSP_GROUP_2X1);
            mf_dsp_panels_2x1(panel, single);
        }
    }
    mf_dsp_clamp(output, count * args->output_channels, args->lo, args->hi);
}
