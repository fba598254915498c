/* SPDX-License-Identifier: Apache-2.0
 * The portable kernels: they define every operation bit for bit.
 *
 * Conventions, the same for every kernel here and for the fast ones:
 *  - void mf_NAME(const mf_NAME_args *args, const T *input, U *output, void *scratch); two inputs where said.
 *  - Tensors are rows of pixels of channels (H, W, C), one picture. Arguments and tables are constant (flash).
 *  - Biases are folded: bias[o] = b[o] - input_zero_point * sum of the weights of o, so kernels sum x * w over
 *    raw integers; padded cells hold input_zero_point.
 *  - Names end with the type of the weights: _s8 bytes, _s4 two per byte, the first of a pair in the lower nibble.
 *  - multiplier, left: one pair per output channel; y = min(max(highmul(acc) + zero_point, lo), hi). With a table
 *    `below` an accumulator below zero is multiplied by that instead: a PReLU without a rounding of its own.
 *  - Input, output and scratch do not overlap, and scratch is 4-byte aligned, unless a kernel says otherwise.
 */
#ifndef MF_KERNELS_H
#define MF_KERNELS_H

#include <stdint.h>

/* A window that slides over rows and columns; windows may reach into padding on every side. */
typedef struct {
    int16_t input_height, input_width, input_channels;
    int16_t output_height, output_width, output_channels;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t dilation_y, dilation_x;
    int16_t pad_top, pad_left;
    int16_t input_zero_point, zero_point, lo, hi;
    const int8_t *weights;     /* conv2d [O][KH][KW][I], depthwise [KH][KW][C] */
    const uint8_t *nibbles;    /* instead, in _s4: conv2d [O][bytes of KH * KW * I], depthwise [bytes of KH * KW * C] */
    const int32_t *bias;       /* [O], folded */
    const int32_t *multiplier; /* [O], no table where the output is s32 */
    const int32_t *below;      /* [O], no table where there is no PReLU */
    const uint8_t *left;       /* [O], likewise */
} mf_conv_args;

typedef mf_conv_args mf_conv2d_s8_args;
typedef mf_conv_args mf_conv2d_s8_s32_args;
typedef mf_conv_args mf_conv2d_s4_args;
typedef mf_conv_args mf_depthwise_s8_args;
typedef mf_conv_args mf_depthwise_s8_s32_args;
typedef mf_conv_args mf_depthwise_s4_args;

/* [pixels][input_channels] times weights [O][I]; dense is the case of one pixel. */
typedef struct {
    int32_t pixels, input_channels, output_channels;
    int16_t zero_point, lo, hi;
    const int8_t *weights;     /* [O][I] */
    const uint8_t *nibbles;    /* instead, in _s4: [O][ceil(I / 2)] */
    const int32_t *bias;       /* [O], folded */
    const int32_t *multiplier; /* [O], no table where the output is s32 */
    const int32_t *below;      /* [O], no table where there is no PReLU */
    const uint8_t *left;       /* [O], likewise */
} mf_pointwise_args;

typedef mf_pointwise_args mf_pointwise_s8_args;
typedef mf_pointwise_args mf_pointwise_s8_s32_args;
typedef mf_pointwise_args mf_pointwise_s4_args;
typedef mf_pointwise_args mf_pointwise_s4_s32_args;

/* y = min(max((a * ma + b * mb + c) >> shift, lo), hi) for `elements` values. */
typedef struct {
    int32_t elements, c;
    int16_t ma, mb, shift, lo, hi;
} mf_add_s8_args;

typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t pad_top, pad_left;
} mf_max_pool_s8_args;

/* One pair (multiplier, left) per number of real pixels that a window can hold. */
typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t pad_top, pad_left;
    int16_t input_zero_point, zero_point, lo, hi;
    const int32_t *counts;     /* rising; every number of real pixels that occurs */
    const int32_t *multiplier; /* [counts] */
    const uint8_t *left;       /* [counts] */
} mf_average_pool_s8_args;

typedef struct {
    int32_t pixels, channels, multiplier;
    int16_t input_zero_point, zero_point, lo, hi;
    uint8_t left;
} mf_mean_s8_args;

typedef struct {
    int32_t input_width, channels, output_height, output_width;
    int32_t kernel_height, kernel_width, stride_y, stride_x;
    uint8_t rounding; /* 0: the mean is cut toward zero */
} mf_average_cut_s8_args;

typedef struct {
    int16_t input_height, input_width, channels;
    int16_t pad_top, pad_bottom, pad_left, pad_right;
    int16_t input_zero_point;
} mf_pad_s8_args;

/* Below zero a value is multiplied by a slope of its own, in units of 2^-14; slopes repeat after `period` values. */
typedef struct {
    int32_t elements;
    int32_t period;        /* channels, or what the kernel needs of them one after another */
    int16_t zero_point;
    const int16_t *slopes; /* [period]; _dsp: 0 2 1 3 of each four */
} mf_prelu_s8_args;

typedef struct {
    int32_t elements;
} mf_map_bytes_s8_args;

void mf_conv2d_s8(const mf_conv2d_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_conv2d_s8_s32(const mf_conv2d_s8_s32_args *args, const int8_t *input, int32_t *output, void *scratch);
void mf_depthwise_s8(const mf_depthwise_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_depthwise_s8_s32(const mf_depthwise_s8_s32_args *args, const int8_t *input, int32_t *output,
                         void *scratch);
void mf_pointwise_s8(const mf_pointwise_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pointwise_s8_s32(const mf_pointwise_s8_s32_args *args, const int8_t *input, int32_t *output,
                         void *scratch);
void mf_conv2d_s4(const mf_conv2d_s4_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_depthwise_s4(const mf_depthwise_s4_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pointwise_s4(const mf_pointwise_s4_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pointwise_s4_s32(const mf_pointwise_s4_s32_args *args, const int8_t *input, int32_t *output,
                         void *scratch);
void mf_add_s8(const mf_add_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch);
void mf_max_pool_s8(const mf_max_pool_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_average_pool_s8(const mf_average_pool_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_average_cut_s8(const mf_average_cut_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_mean_s8(const mf_mean_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pad_s8(const mf_pad_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_prelu_s8(const mf_prelu_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_map_bytes_s8(const mf_map_bytes_s8_args *args, const uint8_t *input, int8_t *output, void *scratch);

#endif
