/* SPDX-License-Identifier: Apache-2.0
 * TFLite's requantisation: a rounding doubling high multiply, then a division by a power of two to the nearest, halves
 * away from zero.
 */
#ifndef MF_RESCALE_H
#define MF_RESCALE_H

#include <stdint.h>

#include "mf_requantise.h"

/* (value * multiplier * 2 + 2^31) >> 32. */
static inline int32_t mf_doubling_high_multiply(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier + INT64_C(0x40000000)) >> 31);
}

/* value / 2^right, 0 <= right <= 31; |value| + 2^(right - 1) < 2^31. */
static inline int32_t mf_rounding_shift(int32_t value, int32_t right)
{
    const int32_t half = (int32_t)((UINT32_C(1) << right) >> 1);
    return (value + half - (right > 0 && value < 0)) >> right;
}

/* value * multiplier * 2^(-31 - right); |value| < 2^30 where right is 31. */
static inline int32_t mf_rescale_down(int32_t value, int32_t multiplier, int32_t right)
{
    return mf_rounding_shift(mf_doubling_high_multiply(value, multiplier), right);
}

/* acc * multiplier * 2^(shift - 31), where |acc| * 2^shift < 2^31 has been proved for shift > 0. From 33 on, `shift` is
 * 64 too large and the product is rounded once, halves away from zero. */
static inline int32_t mf_rescale(int32_t acc, int32_t multiplier, int32_t shift)
{
    if (shift > 32) {
        const int32_t bits = 31 + 64 - shift;
        return (int32_t)(((int64_t)acc * multiplier + (INT64_C(1) << (bits - 1)) - (acc < 0)) >> bits);
    }
    return shift > 0 ? mf_doubling_high_multiply(acc * (int32_t)(1 << shift), multiplier)
                     : mf_rescale_down(acc, multiplier, -shift);
}

#endif
