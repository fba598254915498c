/* SPDX-License-Identifier: Apache-2.0
 * A narrower range than a byte's, cut after the fact: the fast loops saturate to bytes in one instruction.
 */
#include "mf_dsp.h"
#include "mf_requantise.h"

void mf_dsp_clamp(int8_t *bytes, int32_t count, int32_t lo, int32_t hi)
{
    if (lo == INT8_MIN && hi == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        bytes[i] = (int8_t)mf_clamp(bytes[i], lo, hi);
    }
}
