/* SPDX-License-Identifier: Apache-2.0
 * The kernels for RV32IM, bit-identical with the portable ones of mf_kernels.h: many registers, no SIMD.
 *
 * Outputs of matrices come in blocks of four; tables are padded to whole blocks.
 */
#ifndef MF_KERNELS_RV32_H
#define MF_KERNELS_RV32_H

#include "mf_kernels.h"

/* A convolution as a matrix product; the window is read by conv2d only. */
typedef struct {
    int32_t pixels; /* of the output */
    int32_t inputs; /* per output pixel */
    int16_t output_channels;
    int16_t zero_point, lo, hi;
    int16_t input_height, input_width, input_channels, output_width;
    int16_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    int16_t input_zero_point;
    const int8_t *weights;     /* [blocks][inputs][4] */
    const int32_t *bias;       /* [blocks][4], folded */
    const int32_t *multiplier; /* [blocks][4] */
    const int32_t *below;      /* [blocks][4], no table where there is no PReLU */
    const uint8_t *left;       /* [blocks][4] */
} mf_matrix_rv32_args;

typedef mf_matrix_rv32_args mf_pointwise_s8_rv32_args;
typedef mf_matrix_rv32_args mf_conv2d_s8_rv32_args;

/* Depthwise 3x3 without dilation: as mf_depthwise_s8, with the sizes of one channel's plane and its padding. */
typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t plane_height, plane_width; /* what the windows reach, padding included */
    int16_t stride_y, stride_x, pad_top, pad_left;
    int16_t input_zero_point, zero_point, lo, hi;
    const int8_t *weights;     /* [C][9] */
    const int32_t *bias;       /* [C], folded */
    const int32_t *multiplier; /* [C] */
    const int32_t *below;      /* [C], no table where there is no PReLU */
    const uint8_t *left;       /* [C] */
} mf_depthwise3x3_s8_rv32_args;


void mf_pointwise_s8_rv32(const mf_pointwise_s8_rv32_args *args, const int8_t *input, int8_t *output, void *scratch);

/* Scratch: three windows. */
void mf_conv2d_s8_rv32(const mf_conv2d_s8_rv32_args *args, const int8_t *input, int8_t *output, void *scratch);

/* Scratch: one channel's plane. */
void mf_depthwise3x3_s8_rv32(const mf_depthwise3x3_s8_rv32_args *args, const int8_t *input, int8_t *output,
                             void *scratch);

#endif
