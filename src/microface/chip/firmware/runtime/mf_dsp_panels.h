/* SPDX-License-Identifier: Apache-2.0
 * The inner loops of matrix products on Armv7E-M: two output channels times two pixels (or one).
 *
 * Both sides are 16-bit pairs in panels. A group is four consecutive inputs k0..k3; a pixel's group is the words
 * (k0, k2) and (k1, k3), as SXTB16 makes them from four bytes.
 *  - pixel panel, two pixels A and B: per group  A02 A13 B02 B13;  a single pixel: A02 A13
 *  - channel panel: mf_dsp_head, then chunks of up to eight groups  u02 v02 u13 v13  (u, v the two channels), each
 *    chunk followed by a word that is 1 where another chunk follows and else 0, then mf_dsp_tail. Only the first
 *    chunk may be short.
 */
#ifndef MF_DSP_PANELS_H
#define MF_DSP_PANELS_H

#include <stdint.h>

enum { MF_DSP_CHUNK = 8 };

/* Where the sums begin, and how many bytes of the unrolled loop the first chunk leaves out. */
typedef struct {
    int32_t bias[4]; /* u v u v */
    int32_t skip;
} mf_dsp_head;

/* How sums become outputs, and where the loop ends. */
typedef struct {
    int32_t multiplier[2]; /* u v */
#ifdef MF_TFLITE
    int32_t offset[2], right[2]; /* see mf_tflite.h */
#else
#ifdef MF_PRELU
    int32_t more_below[2]; /* see mf_prelu.h */
#endif
    int32_t zero_point;
#endif
    void *output;               /* moves on */
    int32_t pitch;              /* bytes: from a pixel to the next; planes: from u's plane to v's */
    const uint32_t *pixels_end;
    uint32_t *panel;
    int32_t pitch_and_one;      /* bytes only */
} mf_dsp_tail;

/* Bytes of code per group, the unit of mf_dsp_head.skip. */
enum { MF_DSP_GROUP_2X2 = 40, MF_DSP_GROUP_2X1 = 24 };

/* For all pixel pairs up to tail.pixels_end (at least one), and for one pixel: bytes, v right after u. */
void mf_dsp_panels_2x2(uint32_t *panel, const uint32_t *pixels);
void mf_dsp_panels_2x1(uint32_t *panel, const uint32_t *pixel);

/* The same into planes of 16-bit cells, one plane for u and one for v; values before saturation fit 16 bits. */
void mf_dsp_panels_2x2_planes(uint32_t *panel, const uint32_t *pixels);
void mf_dsp_panels_2x1_planes(uint32_t *panel, const uint32_t *pixel);

#endif
