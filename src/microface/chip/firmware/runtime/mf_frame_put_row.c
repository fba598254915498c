/* SPDX-License-Identifier: Apache-2.0
 * A camera's row goes into the part of the picture that is kept.
 */
#include "mf_frame.h"

void mf_frame_put_row(const mf_frame *frame, int32_t y, const uint8_t *row)
{
    const mf_rectangle *part = &frame->part;
    if (y < part->top || y >= part->top + part->height) {
        return;
    }
    const int32_t size = frame->format == MF_RGB888 ? 3 : 2;
    uint8_t *to = frame->pixels + (y - part->top) * frame->pitch;
    const uint8_t *from = row + part->left * size;
    for (int32_t i = 0; i < part->width * size; i++) {
        to[i] = from[i];
    }
}
