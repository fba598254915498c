/* SPDX-License-Identifier: Apache-2.0
 * Weights of 4 bits, two per byte: the first of a pair in the lower nibble.
 */
#ifndef MF_NIBBLES_H
#define MF_NIBBLES_H

#include <stdint.h>

/* Number `i` of `nibbles`, -8..7. */
static inline int32_t mf_nibble(const uint8_t *nibbles, int32_t i)
{
    const int32_t value = nibbles[i >> 1] >> (4 * (i & 1)) & 15;
    return (value ^ 8) - 8;
}

/* bias + sum of x * w over `length` weights, which begin at a byte. */
static inline int32_t mf_dot_s4(const int8_t *x, const uint8_t *nibbles, int32_t length, int32_t bias)
{
    int32_t sum = bias;
    for (int32_t i = 0; i < length; i++) {
        sum += x[i] * mf_nibble(nibbles, i);
    }
    return sum;
}

#endif
