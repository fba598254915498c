/* SPDX-License-Identifier: Apache-2.0
 * The inner loops of 3x3 depthwise convolutions on Armv7E-M: four outputs of a row at a time.
 *
 * A plane holds one channel in 16 bits with its padding, rows of whole words; four outputs read three words of a row
 * at stride 1, five at stride 2. Taps are pairs, ready for SMLAD:
 *  - stride 1, per row: (w0, w1) (w2, 0) for even outputs, (0, w0) (w1, w2) for odd ones
 *  - stride 2, per row: (w0, w1) (w2, 0)
 * A row is computed in whole steps of four: outputs beyond its end are written too, and overwritten by the next row.
 */
#ifndef MF_DSP_PLANES_H
#define MF_DSP_PLANES_H

#include <stdint.h>

/* How sums become outputs, and how the loop walks; lengths in bytes. */
typedef struct {
#ifdef MF_TFLITE
    int32_t multiplier, offset, right; /* see mf_tflite.h */
#elif defined(MF_PRELU)
    int32_t multiplier, more_below, zero_point; /* see mf_prelu.h */
#else
    int32_t multiplier, zero_point;
#endif
    void *output;        /* moves on */
    int32_t pitch;       /* to the second output (bytes) or third (halves) */
    int32_t last_pitch;  /* to the fourth output */
    int32_t step;        /* in the plane, from the third row back to the first one's next four outputs */
    const void *row_end; /* in the plane, moves on by row_pitch */
    int32_t rows;        /* output rows to go */
    int32_t row_skip;    /* in the plane, from a row's end to the next row's begin */
    int32_t output_skip; /* likewise in the output */
    int32_t row_pitch;   /* in the plane, between the begins of two output rows */
} mf_dsp_walk;

typedef struct {
    int32_t bias[4]; /* four times the same */
    uint32_t taps[3][4];
    mf_dsp_walk walk;
} mf_dsp_plane1;

typedef struct {
    int32_t bias[4];
    uint32_t taps[3][2];
    mf_dsp_walk walk;
} mf_dsp_plane2;

/* Bytes, `pitch` apart; last_pitch is three times that. */
void mf_dsp_rows1(mf_dsp_plane1 *plane, const uint32_t *cells, int32_t plane_pitch);
void mf_dsp_rows2(mf_dsp_plane2 *plane, const uint32_t *cells, int32_t plane_pitch);

/* Widen a channel to cells: `rows` rows of `width` bytes, all `step` apart; `skip` bytes between the rows' cells. */
void mf_dsp_widen_plane(int16_t *cells, const int8_t *bytes, int32_t width, int32_t step, int32_t rows,
                        int32_t skip);

#endif
