/* SPDX-License-Identifier: Apache-2.0
 * A sum times a real factor, in double as TFLite's FULLY_CONNECTED defines it.
 */
#ifndef MF_REAL_H
#define MF_REAL_H

#include "mf_kernels_s16.h"
#include "mf_requantise.h"

_Static_assert(sizeof(double) == sizeof(uint64_t), "double must be IEEE 754 double precision");

static inline double mf_real(const uint32_t words[2])
{
    const uint64_t bits = (uint64_t)words[1] << 32 | words[0];
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* sum * scale to the nearest, halves away from zero, plus the zero point, cut to lo .. hi. */
static inline int32_t mf_real_value(const mf_pointwise_real_args *args, int64_t sum, int32_t o)
{
    const double limit = 65536.0, product = (double)sum * mf_real(args->scales + 2 * o);
    const double value = product > limit ? limit : product < -limit ? -limit : product;
    const int32_t whole = (int32_t)value;
    const double rest = value - whole;
    return mf_clamp(whole + (rest >= 0.5) - (rest <= -0.5) + args->zero_point, args->lo, args->hi);
}

#endif
