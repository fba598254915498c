/* SPDX-License-Identifier: Apache-2.0
 * One channel of a 3x3 depthwise convolution on Armv7E-M, shared by the kernels that hold planes.
 */
#ifndef MF_DSP_DEPTHWISE_H
#define MF_DSP_DEPTHWISE_H

#include "mf_dsp_planes.h"

/* The same for all channels. */
typedef struct {
    int32_t stride;       /* 1 or 2 */
    int32_t steps;        /* of four outputs, per row */
    int32_t plane_pitch;  /* bytes of a row of a plane */
    int32_t output_width;
    int32_t channels;     /* bytes between two outputs of a channel */
    int32_t zero_point;   /* of the output */
} mf_dsp_depthwise;

/* Prepare `head` (a mf_dsp_plane1, whatever the stride) for any channel; return the walk in it. */
mf_dsp_walk *mf_dsp_begin(uint32_t *head, const mf_dsp_depthwise *shape);

/* Tables of all channels: `weights` or `nibbles`, `constants` and `left` of mf_depthwise3x3_s8_dsp_args. */
typedef struct {
    const int8_t *weights;
    const uint16_t *nibbles;
    const int32_t *constants;
    const uint8_t *left;
} mf_dsp_channels;

/* Set the channel number `c`. */
void mf_dsp_set_channel(uint32_t *head, const mf_dsp_depthwise *shape, const mf_dsp_channels *channels, int32_t c);

/* `rows` output rows from the plane's row at `cells` on, `pitch` bytes between outputs; a row has whole steps, so
 * up to three outputs beyond each row's end are written too. Rows follow one another as if there were none. */
void mf_dsp_rows(uint32_t *head, const mf_dsp_depthwise *shape, const int8_t *cells, int32_t rows, int8_t *output,
                 int32_t pitch);

/* Fill `count` cells with `value`; cells is aligned to a half. */
void mf_dsp_fill(int8_t *cells, int16_t value, int32_t count);

/* Copy `words` words to a lower address. */
void mf_dsp_move(uint32_t *to, const uint32_t *from, int32_t words);

#endif
