/* SPDX-License-Identifier: Apache-2.0
 * The standard deviation of bytes in integers; light correction and contrast share it.
 */
#ifndef MF_SIGMA_H
#define MF_SIGMA_H

#include <stdint.h>

#include "mf_scores.h"

/* isqrt(floor(256 d / n^2)) with d = n Q - S S, in sixteenths: of n bytes with the sum S and the sum of squares Q.
 * Divided in two steps, since 256 d can exceed 64 bits. */
static inline uint32_t mf_sigma(uint64_t count, uint64_t total, uint64_t squares)
{
    const uint64_t d = count * squares - total * total, area = count * count;
    return mf_isqrt(256 * (d / area) + 256 * (d % area) / area);
}

#endif
