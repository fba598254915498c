/* SPDX-License-Identifier: Apache-2.0
 * How sums of one channel become outputs, with all that takes in registers: an output's store may change no constant.
 */
#ifndef MF_RV32_OUTPUT_H
#define MF_RV32_OUTPUT_H

#include "mf_requantise.h"

typedef struct {
    int32_t multiplier;
    uint32_t bend; /* what is added to it below zero, modulo 2^32: 0 without a PReLU */
    int32_t zero_point, lo, hi;
    uint8_t left;
} mf_rv32_output;

static inline int8_t mf_rv32_output_of(mf_rv32_output channel, int32_t sum)
{
    const int32_t factor = (int32_t)((uint32_t)channel.multiplier + ((uint32_t)(sum >> 31) & channel.bend));
    return (int8_t)mf_clamp(mf_highmul(sum, factor, channel.left) + channel.zero_point, channel.lo, channel.hi);
}

/* What channel `o` of a kernel with the usual arguments needs. */
#define MF_RV32_OUTPUT(args, o)                                                                                        \
    {                                                                                                                  \
        (args)->multiplier[o],                                                                                         \
            (args)->below ? (uint32_t)(args)->below[o] - (uint32_t)(args)->multiplier[o] : 0, (args)->zero_point,      \
            (args)->lo, (args)->hi, (args)->left[o]                                                                    \
    }

#endif
