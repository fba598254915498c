/* SPDX-License-Identifier: Apache-2.0
 * Blocks of `factor` x `factor` pixels become channels, and bytes become input integers:
 *
 *     folded[y][x][(i * factor + j) * 3 + c] = crop[y * factor + i][x * factor + j][c] - 128
 */
#include "mf_frame.h"

void mf_fold_s8(const uint8_t *crop, int32_t height, int32_t width, int32_t factor, int8_t *folded)
{
    for (int32_t top = 0; top + factor <= height; top += factor) {
        for (int32_t left = 0; left + factor <= width; left += factor) {
            for (int32_t i = 0; i < factor; i++) {
                const uint8_t *from = crop + ((top + i) * width + left) * 3;
                for (int32_t k = 0; k < 3 * factor; k++) {
                    *folded++ = (int8_t)(from[k] - 128);
                }
            }
        }
    }
}
