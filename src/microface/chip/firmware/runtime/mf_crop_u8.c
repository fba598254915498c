/* SPDX-License-Identifier: Apache-2.0
 * A rectangle of a picture at another size, by four weighted neighbours, in integers:
 *
 *  the centre of pixel i of n lies over m pixels at
 *      p = min(max(floor(128 (2 i + 1) m / n) - 128, 0), 256 (m - 1)), in 1/256
 *  with f = p mod 256 the weights are 256 - f for pixel p / 256 and f for the next one, for columns and rows alike,
 *      y = (sum of the four weighted bytes + 2^15) >> 16
 *
 * With m = n every p is 256 i: a copy. Five or six bits of a colour become eight by repeating their highest ones.
 */
#include "mf_frame.h"

#include "mf_requantise.h"

enum { LARGEST_SIDE = 2047 };

static void read_565(uint32_t word, uint8_t rgb[3])
{
    const uint32_t red = word >> 11 & 31, green = word >> 5 & 63, blue = word & 31;
    rgb[0] = (uint8_t)(red << 3 | red >> 2);
    rgb[1] = (uint8_t)(green << 2 | green >> 4);
    rgb[2] = (uint8_t)(blue << 3 | blue >> 2);
}

static void read_pixel(mf_pixel_format format, const uint8_t *row, int32_t x, uint8_t rgb[3])
{
    if (format == MF_RGB888) {
        for (int32_t c = 0; c < 3; c++) {
            rgb[c] = row[3 * x + c];
        }
    } else {
        const uint32_t first = row[2 * x], second = row[2 * x + 1];
        read_565(format == MF_RGB565 ? second << 8 | first : first << 8 | second, rgb);
    }
}

/* Two neighbours and the weight of the second, in 1/256. */
typedef struct {
    int32_t first, second, weight;
} between;

static between place_of(int32_t i, int32_t to, int32_t from)
{
    const int32_t p = mf_clamp(128 * (2 * i + 1) * from / to - 128, 0, 256 * (from - 1));
    const between place = {p >> 8, (p >> 8) + ((p & 255) != 0), p & 255};
    return place;
}

static void put_pixel(mf_pixel_format format, const uint8_t *upper, const uint8_t *lower, const between *column,
                      int32_t weight, uint8_t *rgb)
{
    uint8_t corners[4][3];
    read_pixel(format, upper, column->first, corners[0]);
    read_pixel(format, upper, column->second, corners[1]);
    read_pixel(format, lower, column->first, corners[2]);
    read_pixel(format, lower, column->second, corners[3]);
    for (int32_t c = 0; c < 3; c++) {
        const int32_t above = corners[0][c] * (256 - column->weight) + corners[1][c] * column->weight;
        const int32_t below = corners[2][c] * (256 - column->weight) + corners[3][c] * column->weight;
        rgb[c] = (uint8_t)((above * (256 - weight) + below * weight + (1 << 15)) >> 16);
    }
}

static bool side_fits(int32_t first, int32_t size, int32_t part_first, int32_t part_size)
{
    return size >= 1 && size <= LARGEST_SIDE && first >= part_first && first - part_first <= part_size - size;
}

bool mf_crop_fits(const mf_frame *frame, const mf_rectangle *rectangle)
{
    const mf_rectangle *part = &frame->part;
    return side_fits(rectangle->left, rectangle->width, part->left, part->width)
           && side_fits(rectangle->top, rectangle->height, part->top, part->height);
}

/* A rectangle of the crop's own size: the formula gives each pixel itself. */
static void copy(mf_pixel_format format, const uint8_t *row, int32_t pitch, int32_t width, int32_t height, uint8_t *crop)
{
    for (int32_t y = 0; y < height; y++, row += pitch) {
        for (int32_t x = 0; x < width; x++, crop += 3) {
            read_pixel(format, row, x, crop);
        }
    }
}

bool mf_crop_u8(const mf_frame *frame, const mf_rectangle *rectangle, int32_t width, int32_t height, uint8_t *crop)
{
    if (!mf_crop_fits(frame, rectangle) || width < 1 || width > LARGEST_SIDE || height < 1 || height > LARGEST_SIDE) {
        return false;
    }
    const int32_t size = frame->format == MF_RGB888 ? 3 : 2;
    const uint8_t *start = frame->pixels + (rectangle->top - frame->part.top) * frame->pitch
                           + (rectangle->left - frame->part.left) * size;
    if (width == rectangle->width && height == rectangle->height) {
        copy(frame->format, start, frame->pitch, width, height, crop);
        return true;
    }
    for (int32_t y = 0; y < height; y++) {
        const between row = place_of(y, height, rectangle->height);
        const uint8_t *upper = start + row.first * frame->pitch, *lower = start + row.second * frame->pitch;
        for (int32_t x = 0; x < width; x++, crop += 3) {
            const between column = place_of(x, width, rectangle->width);
            put_pixel(frame->format, upper, lower, &column, row.weight, crop);
        }
    }
    return true;
}
