/* SPDX-License-Identifier: Apache-2.0
 * Concatenation of channels, with the conventions of mf_kernels.h.
 *
 * The output may overlap an input that begins at least as many bytes behind it as the other input has.
 */
#ifndef MF_KERNELS_CONCAT_H
#define MF_KERNELS_CONCAT_H

#include <stdint.h>

typedef struct {
    int32_t pixels;
    int16_t channels_a, channels_b; /* in mf_concat_s8_dsp multiples of 4 */
} mf_concat_s8_args;

typedef mf_concat_s8_args mf_concat_s8_dsp_args;

void mf_concat_s8(const mf_concat_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch);
void mf_concat_s8_dsp(const mf_concat_s8_dsp_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                      void *scratch);

#endif
