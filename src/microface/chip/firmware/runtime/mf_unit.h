/* SPDX-License-Identifier: Apache-2.0
 * u of one value of an embedding: brought to the length 2^14, value by value, so that no buffer is needed.
 *
 * floor((2^23 * c + N) / (2N)) with c below zero is -floor((2^23 * |c| + N - 1) / (2N)), which takes one unsigned
 * division without a branch; 2^23 * 255 + N stays below 2^32. N is at least 2^8 * |c|, so |u| stays at 2^14 or below.
 */
#ifndef MF_UNIT_H
#define MF_UNIT_H

#include <stdint.h>

/* `centred` -255..255 in an embedding with the norm `norm` = N; `twice` = 2N, or 1 where N is 0. */
static inline int32_t mf_unit(int32_t centred, uint32_t norm, uint32_t twice)
{
    const uint32_t negative = (uint32_t)centred >> 31; /* 0 or 1 */
    const uint32_t size = negative ? 0u - (uint32_t)centred : (uint32_t)centred;
    const int32_t unit = (int32_t)(((size << 23) + norm - negative) / twice);
    return negative ? -unit : unit;
}

static inline uint32_t mf_unit_divisor(uint32_t norm)
{
    return norm > 0 ? 2 * norm : 1;
}

#endif
