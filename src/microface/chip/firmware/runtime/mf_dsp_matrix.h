/* SPDX-License-Identifier: Apache-2.0
 * A tile of output pixels of a matrix product on Armv7E-M: panels are filled here, multiplied in mf_dsp_panels.
 */
#ifndef MF_DSP_MATRIX_H
#define MF_DSP_MATRIX_H

#include "mf_dsp_panels.h"
#include "mf_kernels_dsp.h"

/* Words of one channel panel: head, groups, a word after each chunk, tail. */
#define MF_DSP_PANEL_WORDS(groups) (5 + 4 * (groups) + ((groups) + 7) / 8 + (int32_t)sizeof(mf_dsp_tail) / 4)

/* Widen `count` pixels of `inputs` bytes each, one after the other, into a pixel panel. */
void mf_dsp_widen(uint32_t *panel, const int8_t *pixels, int32_t count, int32_t inputs);

/* Widen one pixel; its groups lie `step` words apart: 4 in a pair of pixels, 2 for a single one. */
void mf_dsp_widen_pixel(uint32_t *panel, const int8_t *pixel, int32_t inputs, int32_t step);

/* Fill the channel panel of `pair` but for skip, output and pixels_end; return its tail. */
mf_dsp_tail *mf_dsp_fill_panel(const mf_matrix_dsp_args *args, int32_t pair, uint32_t *panel);

/* mf_dsp_head.skip where a group's code takes `group_bytes`. */
int32_t mf_dsp_skip(int32_t groups, int32_t group_bytes);

/* All output channels of `count` widened pixels; `panel` has MF_DSP_PANEL_WORDS(args->groups). */
void mf_dsp_tile(const mf_matrix_dsp_args *args, uint32_t *panel, const uint32_t *pixels, int32_t count,
                 int8_t *output);

#endif
