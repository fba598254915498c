/* SPDX-License-Identifier: Apache-2.0
 * The part of a window that lies in the input, shared by convolutions of 16-bit activations.
 */
#ifndef MF_WINDOW_S16_H
#define MF_WINDOW_S16_H

#include "mf_kernels_s16.h"

/* Taps first .. end - 1 of a window, along one axis. */
typedef struct {
    int32_t first, end;
} mf_taps;

/* Which of `count` taps, `step` apart and beginning at `begin`, lie in 0 .. size - 1. */
static inline mf_taps mf_taps_inside(int32_t begin, int32_t count, int32_t step, int32_t size)
{
    mf_taps taps = {0, count};
    while (taps.first < count && begin + taps.first * step < 0) {
        taps.first++;
    }
    while (taps.end > taps.first && begin + (taps.end - 1) * step >= size) {
        taps.end--;
    }
    return taps;
}

#endif
