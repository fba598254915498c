/* SPDX-License-Identifier: Apache-2.0
 * A tile of output pixels of a matrix product on AVX2 hosts.
 */
#ifndef MF_AVX2_MATRIX_H
#define MF_AVX2_MATRIX_H

#include "mf_kernels_avx2.h"

/* Widen `count` bytes to halves, and one zero more where `count` is odd; return the end. */
int16_t *mf_avx2_widen_all(int16_t *to, const int8_t *from, int32_t count);

/* All channels of `count` pixels, widened to [count][pairs][2]. */
void mf_avx2_tile(const mf_matrix_avx2_args *args, const int16_t *pixels, int32_t count, int8_t *output);

#endif
