/* SPDX-License-Identifier: Apache-2.0
 * Light correction `spread`, all in integers, by a table of 256 bytes:
 *
 *  mean  = floor((2 S + n) / (2 n)), S = sum of the bytes, Q = sum of their squares
 *  sigma = isqrt(floor(256 (n Q - S S) / n^2)), the standard deviation in sixteenths
 *  gain  = 1024 when sigma is 0, else floor((229376 + floor(sigma / 2)) / sigma) cut to 128..1024, in 1/256
 *  y     = min(max(128 + floor(((b - mean) gain + 128) / 256), 0), 255) - 128
 */
#include "mf_light.h"

#include "mf_requantise.h"
#include "mf_sigma.h"

enum { SPREAD_TIMES_4096 = 56 * 16 * 256, LEAST_GAIN = 128, MOST_GAIN = 1024 };

static int32_t gain_of(uint32_t sigma)
{
    if (sigma == 0) {
        return MOST_GAIN;
    }
    return mf_clamp((int32_t)((SPREAD_TIMES_4096 + sigma / 2) / sigma), LEAST_GAIN, MOST_GAIN);
}

void mf_light_spread_s8(const uint8_t *crop, int8_t *input, uint32_t count)
{
    uint64_t total = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += crop[i];
        squares += (uint32_t)crop[i] * crop[i];
    }
    const int32_t mean = (int32_t)((2 * total + count) / (2 * (uint64_t)count));
    const int32_t gain = gain_of(mf_sigma(count, total, squares));
    int8_t table[256];
    for (int32_t b = 0; b < 256; b++) {
        table[b] = (int8_t)mf_clamp(((b - mean) * gain + 128) >> 8, -128, 127);
    }
    for (uint32_t i = 0; i < count; i++) {
        input[i] = table[crop[i]];
    }
}
