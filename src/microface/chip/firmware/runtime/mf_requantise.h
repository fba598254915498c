/* SPDX-License-Identifier: Apache-2.0
 * How an accumulator becomes an output integer. One rounding, in 64 bits; floor shifts.
 */
#ifndef MF_REQUANTISE_H
#define MF_REQUANTISE_H

#include <stdint.h>

/* C leaves >> of negative numbers to the compiler; every supported one shifts arithmetically (floor). */
_Static_assert((-3 >> 1) == -2, "microface needs an arithmetic right shift");

static inline int32_t mf_clamp(int32_t value, int32_t lo, int32_t hi)
{
    if (value < lo) {
        return lo;
    }
    return value > hi ? hi : value;
}

/* ((acc * 2^left) * multiplier + 2^31) >> 32, where |acc| * 2^left < 2^31 has been proved; left 0..30. */
static inline int32_t mf_highmul(int32_t acc, int32_t multiplier, uint8_t left)
{
    const int64_t product = (int64_t)(acc * (int32_t)(1 << left)) * multiplier;
    return (int32_t)((product + INT64_C(0x80000000)) >> 32);
}

/* What `sum` of channel `o` is multiplied by: below zero by another factor where there is a PReLU (else NULL). */
static inline int32_t mf_factor(const int32_t *multiplier, const int32_t *below, int32_t o, int32_t sum)
{
    return below && sum < 0 ? below[o] : multiplier[o];
}

/* Where a kernel's table `below` is: only that of its variant with a PReLU has one, see mf_prelu.h. */
#ifdef MF_PRELU
#define MF_BELOW(args) ((args)->below)
#else
#define MF_BELOW(args) ((const int32_t *)0)
#endif

#endif
