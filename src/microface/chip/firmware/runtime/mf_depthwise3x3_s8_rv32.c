/* SPDX-License-Identifier: Apache-2.0
 * Depthwise 3x3 convolution without dilation on RV32IM: [H][W][C] s8 -> [OH][OW][C] s8. One channel's plane at a time is
 * copied to scratch, its padding round it; nine weights stay in registers. The output may take the input's place.
 */
#include "mf_kernels_rv32.h"
#include "mf_rv32_output.h"

/* The padding is the same for every channel: all of the plane, once. */
static void fill(const mf_depthwise3x3_s8_rv32_args *args, int8_t *plane)
{
    for (int32_t i = 0; i < args->plane_height * args->plane_width; i++) {
        plane[i] = (int8_t)args->input_zero_point;
    }
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void copy_plane(const mf_depthwise3x3_s8_rv32_args *args, const int8_t *input, int8_t *plane)
{
    const int32_t rows = smaller(args->input_height, args->plane_height - args->pad_top);
    const int32_t columns = smaller(args->input_width, args->plane_width - args->pad_left);
    const int32_t channels = args->channels;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *from = input + y * args->input_width * channels;
        int8_t *to = plane + (y + args->pad_top) * args->plane_width + args->pad_left;
        for (const int8_t *end = to + columns; to != end; from += channels) {
            *to++ = *from;
        }
    }
}

/* What one channel multiplies by, and how its sums end. */
typedef struct {
    int32_t w[9], bias;
    mf_rv32_output end;
} channel;

static inline int32_t sum_of(const channel *c, const int8_t *top, const int8_t *middle, const int8_t *bottom)
{
    return c->bias + top[0] * c->w[0] + top[1] * c->w[1] + top[2] * c->w[2] + middle[0] * c->w[3] +
           middle[1] * c->w[4] + middle[2] * c->w[5] + bottom[0] * c->w[6] + bottom[1] * c->w[7] +
           bottom[2] * c->w[8];
}

static void run_plane(const mf_depthwise3x3_s8_rv32_args *args, const channel *given, const int8_t *plane,
                      int8_t *output)
{
    const channel c = *given;
    const int32_t width = args->plane_width, step = args->stride_x, channels = args->channels;
    for (int32_t y = 0; y < args->output_height; y++) {
        const int8_t *top = plane + y * args->stride_y * width;
        for (const int8_t *end = top + args->output_width * step; top != end; top += step) {
            *output = mf_rv32_output_of(c.end, sum_of(&c, top, top + width, top + 2 * width));
            output += channels;
        }
    }
}

void mf_depthwise3x3_s8_rv32(const mf_depthwise3x3_s8_rv32_args *args, const int8_t *input, int8_t *output,
                             void *scratch)
{
    int8_t *plane = scratch;
    fill(args, plane);
    for (int32_t o = 0; o < args->channels; o++) {
        const int8_t *w = args->weights + 9 * o;
        const channel c = {{w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]}, args->bias[o], MF_RV32_OUTPUT(args, o)};
        copy_plane(args, input + o, plane);
        run_plane(args, &c, plane, output + o);
    }
}
