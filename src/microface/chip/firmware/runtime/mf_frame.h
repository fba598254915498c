/* SPDX-License-Identifier: Apache-2.0
 * A camera's picture, and crops of it.
 */
#ifndef MF_FRAME_H
#define MF_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a pixel lies in memory. */
typedef enum {
    MF_RGB888 = 0,        /* three bytes: red, green, blue */
    MF_RGB565 = 1,        /* two bytes, the low one first; red in the five highest bits */
    MF_RGB565_SWAPPED = 2 /* two bytes, the high one first, as many cameras send them */
} mf_pixel_format;

/* In pixels of the camera's picture, from its upper left corner. */
typedef struct {
    int32_t left, top, width, height;
} mf_rectangle;

/* The part of a picture that lies in memory: all of it, or only what the crops need, where RAM is small. */
typedef struct {
    uint8_t *pixels;        /* the part's first pixel */
    int32_t pitch;          /* bytes from one row to the next */
    mf_pixel_format format;
    mf_rectangle part;
} mf_frame;

/* Keeps what belongs to the frame's part of row `y` of the camera's picture, which begins at `row`; rows outside the
 * part change nothing. For cameras that deliver a row at a time. */
void mf_frame_put_row(const mf_frame *frame, int32_t y, const uint8_t *row);

/* Whether a rectangle can be cropped: not empty, its sides up to 2,047, wholly in the frame's part. */
bool mf_crop_fits(const mf_frame *frame, const mf_rectangle *rectangle);

/* Crops `rectangle` and brings it to width x height x 3 bytes, RGB; a rectangle of that very size is copied.
 * False, and nothing is written, where the rectangle does not fit or the crop's sides are not 1..2,047.
 * mf_crop_u8.c has the formula. */
bool mf_crop_u8(const mf_frame *frame, const mf_rectangle *rectangle, int32_t width, int32_t height, uint8_t *crop);

/* Makes blocks of `factor` x `factor` pixels of an RGB crop one pixel each, of as many channels, and bytes integers;
 * mf_fold_s8.c has the order. `factor` 1 keeps the pixels. The two do not overlap. */
void mf_fold_s8(const uint8_t *crop, int32_t height, int32_t width, int32_t factor, int8_t *folded);

/* The standard deviation of the green bytes of a crop of `pixels` RGB pixels, 1 to 2^20, in sixteenths of a step:
 * 0 for an even surface of whatever colour. */
uint32_t mf_contrast_u8(const uint8_t *crop, uint32_t pixels);

#ifdef __cplusplus
}
#endif

#endif
