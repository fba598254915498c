/* SPDX-License-Identifier: Apache-2.0
 * The sum of products that pointwise and dense kernels share.
 */
#ifndef MF_DOT_H
#define MF_DOT_H

#include <stdint.h>

static inline int32_t mf_dot_s8(const int8_t *x, const int8_t *w, int32_t length, int32_t bias)
{
    int32_t sum = bias;
    for (int32_t i = 0; i < length; i++) {
        sum += x[i] * w[i];
    }
    return sum;
}

#endif
