/* SPDX-License-Identifier: Apache-2.0
 * Products of three pixels with four outputs at a time: each weight that is loaded serves three pixels, each input
 * four outputs. Shared by pointwise and convolutions.
 */
#ifndef MF_RV32_MATRIX_H
#define MF_RV32_MATRIX_H

#include "mf_kernels_rv32.h"

enum { MF_RV32_OUTPUTS = 4, MF_RV32_PIXELS = 3 };

/* The outputs of `count` pixels, 1 to 3, whose inputs begin at `pixels` and every `step` bytes; [count][O]. */
void mf_rv32_matrix(const mf_matrix_rv32_args *args, const int8_t *pixels, int32_t step, int32_t count,
                    int8_t *output);

#endif
