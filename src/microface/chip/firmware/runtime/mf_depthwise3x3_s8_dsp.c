/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution 3x3, stride 1 or 2, on Armv7E-M: [H][W][C] s8 -> [OH][OW][C] s8, one rounding; OW at least 3.
 *
 * Channel by channel: its plane is widened to 16 bits with the padding round it, then four outputs of a row are
 * computed per step. The output may lie at the very place of the input, since a channel only writes its own bytes.
 * Scratch: mf_dsp_plane1, the plane's plane_rows * plane_pitch bytes, and one spare row of whole steps where OW is no
 * multiple of 4.
 */
#include "mf_dsp.h"
#include "mf_dsp_depthwise.h"
#include "mf_kernels_dsp.h"

/* All rows; where a row does not end with a step, the last one goes through `spare`, for its surplus has no place. */
static void run_channel(const mf_dsp_depthwise *shape, uint32_t *head, int32_t rows, const int8_t *plane,
                        int8_t *spare, int8_t *output)
{
    const int32_t direct = 4 * shape->steps == shape->output_width ? rows : rows - 1;
    if (direct > 0) {
        mf_dsp_rows(head, shape, plane, direct, output, shape->channels);
    }
    if (direct < rows) {
        mf_dsp_rows(head, shape, plane + direct * shape->stride * shape->plane_pitch, 1, spare, 1);
        output += direct * shape->output_width * shape->channels;
        for (int32_t x = 0; x < shape->output_width; x++) {
            output[x * shape->channels] = spare[x];
        }
    }
}

void mf_depthwise3x3_s8_dsp(const mf_depthwise3x3_s8_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch)
{
    const mf_dsp_depthwise shape = {args->stride,       args->steps,    args->plane_pitch,
                                    args->output_width, args->channels, args->zero_point};
    const mf_dsp_channels channels = {args->weights, args->nibbles, args->constants, args->left};
    uint32_t *head = scratch;
    int8_t *plane = (int8_t *)(head + sizeof(mf_dsp_plane1) / sizeof *head);
    int8_t *spare = plane + args->plane_rows * args->plane_pitch;
    mf_dsp_begin(head, &shape);
    mf_dsp_fill(plane, args->input_zero_point, args->plane_rows * args->plane_pitch / 2);
    int16_t *cells = (int16_t *)(void *)(plane + args->pad_top * args->plane_pitch) + args->pad_left;
    const int32_t skip = args->plane_pitch - 2 * args->input_width;
    for (int32_t c = 0; c < args->channels; c++) {
        mf_dsp_widen_plane(cells, input + c, args->input_width, args->channels, args->input_height, skip);
        mf_dsp_set_channel(head, &shape, &channels, c);
        run_channel(&shape, head, args->output_height, plane, spare, output + c);
    }
    mf_dsp_clamp(output, args->output_height * args->output_width * args->channels, args->lo, args->hi);
}
