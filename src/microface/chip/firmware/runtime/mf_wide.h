/* SPDX-License-Identifier: Apache-2.0
 * Sums of 16-bit activations: 64 bits, rounded once, halves up.
 */
#ifndef MF_WIDE_H
#define MF_WIDE_H

#include <stdint.h>

#include "mf_requantise.h"

/* sum + x * w over `length` values. */
static inline int64_t mf_dot_s16(const int16_t *x, const int8_t *w, int32_t length, int64_t sum)
{
    for (int32_t i = 0; i < length; i++) {
        sum += x[i] * w[i];
    }
    return sum;
}

/* (sum * multiplier + 2^(right - 1)) >> right, cut to lo .. hi; |sum| < 2^47. */
static inline int16_t mf_wide_value(int64_t sum, int16_t multiplier, uint8_t right, int16_t lo, int16_t hi)
{
    const int64_t value = (sum * multiplier + (INT64_C(1) << (right - 1))) >> right;
    return (int16_t)(value < lo ? lo : value > hi ? hi : value);
}

#endif
