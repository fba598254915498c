/* SPDX-License-Identifier: Apache-2.0
 * Light correction of crops, before the network.
 */
#ifndef MF_LIGHT_H
#define MF_LIGHT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `spread`: the crop's mean goes to 128 and its standard deviation towards 56; then y = byte - 128.
 * `count` bytes, 1 to 3 * 2^20; `input` may be `crop`. Takes 256 bytes of stack. */
void mf_light_spread_s8(const uint8_t *crop, int8_t *input, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
