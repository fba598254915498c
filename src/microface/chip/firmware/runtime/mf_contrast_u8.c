/* SPDX-License-Identifier: Apache-2.0
 * How much there is to see in a crop: green stands for brightness, so that an even wall of any colour has none.
 */
#include "mf_frame.h"
#include "mf_sigma.h"

uint32_t mf_contrast_u8(const uint8_t *crop, uint32_t pixels)
{
    uint64_t total = 0, squares = 0;
    for (uint32_t i = 0; i < pixels; i++) {
        const uint32_t green = crop[3 * i + 1];
        total += green;
        squares += green * green;
    }
    return mf_sigma(pixels, total, squares);
}
