/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution 3x3, stride 1 or 2, on Armv7E-M: [H][W][C] s8 -> [OH][OW][C] s8, one rounding; OW at least 3.
 *
 * Channel by channel: its plane is widened to 16 bits with the padding round it, then four outputs of a row are
 * computed per step. The output may lie at the very place of the input, since a channel only writes its own bytes.
 * Scratch: mf_dsp_plane1, the plane's plane_rows * plane_pitch bytes, one row of whole steps.
 */
#include "mf_dsp.h"
#include "mf_dsp_matrix.h"
#include "mf_dsp_planes.h"

typedef mf_depthwise3x3_s8_dsp_args arguments;

/* All cells hold the padding; the real ones are overwritten for every channel. */
static void clear(const arguments *args, uint32_t *plane)
{
    const uint32_t half = (uint16_t)args->input_zero_point;
    const int32_t words = args->plane_rows * args->plane_pitch / 4;
    for (int32_t i = 0; i < words; i++) {
        plane[i] = half << 16 | half;
    }
}

static void widen_plane(const arguments *args, const int8_t *input, int8_t *plane)
{
    const int32_t channels = args->channels;
    int8_t *row = plane + args->pad_top * args->plane_pitch + 2 * args->pad_left;
    for (int32_t y = 0; y < args->input_height; y++) {
        int16_t *cell = (int16_t *)(void *)row;
        for (const int16_t *end = cell + args->input_width; cell < end; cell++) {
            *cell = *input;
            input += channels;
        }
        row += args->plane_pitch;
    }
}

/* Nine taps, scaled by 2^left, as pairs. `weights` holds w0 w1 w2 0 per row. */
static uint32_t *widen_taps(const arguments *args, const int8_t *weights, uint32_t left, uint32_t *taps)
{
    for (int32_t row = 0; row < 3; row++) {
        const uint32_t word = mf_dsp_load(weights + 4 * row);
        const uint32_t even = mf_dsp_even(word), odd = mf_dsp_odd(word);
        const uint32_t w0 = (even << left) & 0xffffU, w1 = (odd << left) & 0xffffU, w2 = even >> 16 << left & 0xffffU;
        *taps++ = w0 | w1 << 16;
        *taps++ = w2;
        if (args->stride == 1) {
            *taps++ = w0 << 16;
            *taps++ = w1 | w2 << 16;
        }
    }
    return taps;
}

/* Everything of the walk that is the same for all channels. */
static void set_walk(const arguments *args, mf_dsp_walk *walk)
{
    const int32_t width = 8 * args->stride * args->steps;
    walk->zero_point = args->zero_point;
    walk->step = 8 * args->stride - 2 * args->plane_pitch;
    walk->row_pitch = args->stride * args->plane_pitch;
    walk->row_skip = walk->row_pitch - width;
    walk->output_skip = (args->output_width - 4 * args->steps) * args->channels;
}

/* `rows` output rows from number `first` on, to `output`, `pitch` bytes between outputs. */
static void run_rows(const arguments *args, uint32_t *head, mf_dsp_walk *walk, int32_t first, int32_t rows,
                     int8_t *output, int32_t pitch, const int8_t *plane)
{
    const int8_t *begin = plane + first * walk->row_pitch;
    walk->output = output;
    walk->pitch = pitch;
    walk->last_pitch = 3 * pitch;
    walk->row_end = begin + 8 * args->stride * args->steps;
    walk->rows = rows;
    const uint32_t *cells = (const uint32_t *)(const void *)begin;
    if (args->stride == 1) {
        mf_dsp_rows1((mf_dsp_plane1 *)head, cells, args->plane_pitch);
    } else {
        mf_dsp_rows2((mf_dsp_plane2 *)head, cells, args->plane_pitch);
    }
}

/* All rows; where a row does not end with a step, the last one goes through `spare`, for its surplus has no place. */
static void run_channel(const arguments *args, uint32_t *head, mf_dsp_walk *walk, const int8_t *plane, int8_t *spare,
                        int8_t *output)
{
    const int32_t channels = args->channels, width = args->output_width, rows = args->output_height;
    const int32_t direct = 4 * args->steps == width ? rows : rows - 1;
    if (direct > 0) {
        run_rows(args, head, walk, 0, direct, output, channels, plane);
    }
    if (direct < rows) {
        run_rows(args, head, walk, direct, 1, spare, 1, plane);
        output += direct * width * channels;
        for (int32_t x = 0; x < width; x++) {
            output[x * channels] = spare[x];
        }
    }
}

void mf_depthwise3x3_s8_dsp(const mf_depthwise3x3_s8_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch)
{
    uint32_t *head = scratch;
    uint32_t *plane = head + sizeof(mf_dsp_plane1) / sizeof *head;
    int8_t *cells = (int8_t *)plane, *spare = cells + args->plane_rows * args->plane_pitch;
    const uint32_t taps = args->stride == 1 ? 12 : 6;
    mf_dsp_walk *walk = (mf_dsp_walk *)(head + 4 + taps);
    clear(args, plane);
    set_walk(args, walk);
    for (int32_t c = 0; c < args->channels; c++) {
        widen_plane(args, input + c, cells);
        head[0] = head[1] = head[2] = head[3] = (uint32_t)args->constants[2 * c];
        widen_taps(args, args->weights + 12 * c, args->left ? args->left[c] : 0, head + 4);
        walk->multiplier = args->constants[2 * c + 1];
        run_channel(args, head, walk, cells, spare, output + c);
    }
    mf_dsp_clamp(output, args->output_height * args->output_width * args->channels, args->lo, args->hi);
}
