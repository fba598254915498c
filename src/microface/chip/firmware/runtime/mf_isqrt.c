/* SPDX-License-Identifier: Apache-2.0
 * Floor of the square root, two bits of the value a step.
 */
#include "mf_scores.h"

uint32_t mf_isqrt(uint64_t value)
{
    uint64_t rest = value;
    uint64_t root = 0;
    uint64_t bit = UINT64_C(1) << 62;
    while (bit > rest) {
        bit >>= 2;
    }
    for (; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}
