/* SPDX-License-Identifier: Apache-2.0
 * Bytes to 16-bit pairs on Armv7E-M: weights and windows into the panels of mf_dsp_panels.h.
 */
#ifndef MF_DSP_WIDEN_H
#define MF_DSP_WIDEN_H

#include <stdint.h>

/* Widen the weights of a channel pair, 8 * groups bytes aligned to 4, in chunks with the word after each; return the
 * place of the tail. */
uint32_t *mf_dsp_widen_weights(uint32_t *panel, const int8_t *weights, int32_t groups);

/* The same for weights of 4 bits, 4 * groups bytes aligned to 4. */
uint32_t *mf_dsp_widen_nibbles(uint32_t *panel, const uint8_t *nibbles, int32_t groups);

/* Widen `groups` whole words (at least one) of two pixels, side by side in the panel; return the place after them. */
uint32_t *mf_dsp_widen_two(uint32_t *panel, const int8_t *a, const int8_t *b, int32_t groups);

/* Rows of a window: `words` whole words of each are widened, `rest` bytes of each copied to `rests`. */
typedef struct {
    int32_t words;
    int32_t step;  /* bytes between a pixel's groups in the panel */
    int32_t rows;
    int32_t pitch; /* bytes between two rows */
    int32_t rest;  /* 0 to 3 */
    int8_t *rests;
} mf_dsp_window;

/* Return where the groups of the rests go. */
uint32_t *mf_dsp_widen_rows(uint32_t *panel, const int8_t *cells, const mf_dsp_window *window);

#endif
