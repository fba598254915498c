/* SPDX-License-Identifier: Apache-2.0
 * The kernels for x86-64 hosts with AVX2, bit-identical with the portable ones of mf_kernels.h.
 *
 * Channels come in blocks of sixteen; tables are padded to whole blocks.
 */
#ifndef MF_KERNELS_AVX2_H
#define MF_KERNELS_AVX2_H

#include "mf_kernels.h"

/* A convolution as a matrix product; the window is read by conv2d only. */
typedef struct {
    int32_t pixels; /* of the output */
    int32_t inputs; /* per output pixel */
    int32_t pairs;  /* ceil(inputs / 2) */
    int32_t tile;   /* output pixels whose inputs are widened at a time */
    int16_t output_channels;
    int16_t zero_point, lo, hi;
    int16_t input_height, input_width, input_channels, output_width;
    int16_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    int16_t input_zero_point;
    const int8_t *weights;     /* [blocks][pairs][16 channels][2] */
    const int32_t *bias;       /* [blocks][16], folded */
    const int32_t *multiplier; /* [blocks][16] */
    const int32_t *below;      /* [blocks][16], no table where there is no PReLU */
    const int32_t *left;       /* [blocks][16] */
} mf_matrix_avx2_args;

typedef mf_matrix_avx2_args mf_pointwise_s8_avx2_args;
typedef mf_matrix_avx2_args mf_conv2d_s8_avx2_args;

/* Depthwise; sixteen channels at a time, the last block begins at channels - 16. */
typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t dilation_y, dilation_x;
    int16_t pad_top, pad_left;
    int16_t input_zero_point, zero_point, lo, hi;
    const int16_t *weights;    /* [blocks][ceil(KH / 2)][KW][2: channels 0-3 8-11, 4-7 12-15][8][2 rows] */
    const int32_t *bias;       /* [blocks][16] in the order of the weights, folded */
    const int32_t *multiplier; /* likewise */
    const int32_t *below;      /* likewise, no table where there is no PReLU */
    const int32_t *left;       /* likewise */
} mf_depthwise_s8_avx2_args;

typedef mf_add_s8_args mf_add_s8_avx2_args;
typedef mf_prelu_s8_args mf_prelu_s8_avx2_args;

void mf_add_s8_avx2(const mf_add_s8_avx2_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                    void *scratch);
void mf_prelu_s8_avx2(const mf_prelu_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pointwise_s8_avx2(const mf_pointwise_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_conv2d_s8_avx2(const mf_conv2d_s8_avx2_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_depthwise_s8_avx2(const mf_depthwise_s8_avx2_args *args, const int8_t *input, int8_t *output,
                          void *scratch);

#endif
