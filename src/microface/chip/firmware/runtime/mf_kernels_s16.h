/* SPDX-License-Identifier: Apache-2.0
 * Kernels of 16-bit activations with TFLite's arithmetic, and of sums that are rounded as real numbers; conventions as in
 * mf_kernels.h. Zero points of 16-bit values are 0, so padding adds nothing.
 */
#ifndef MF_KERNELS_S16_H
#define MF_KERNELS_S16_H

#include "mf_kernels_tflite.h"

typedef mf_gather_s8_args mf_gather_s16_args;
typedef mf_join_s8_args mf_join_s16_args;
typedef mf_fill_s8_args mf_fill_s16_args;
typedef mf_resize_nearest_s8_args mf_resize_nearest_s16_args;
typedef mf_resize_bilinear_s8_args mf_resize_bilinear_s16_args;
typedef mf_max_pool_s8_args mf_max_pool_s16_args;
typedef mf_average_pool_s8_tflite_args mf_average_pool_s16_tflite_args;
typedef mf_reduce_mean_s8_tflite_args mf_reduce_mean_s16_tflite_args;
typedef mf_prelu_s8_tflite_args mf_prelu_s16_tflite_args;
typedef mf_sum_s8_tflite_args mf_sum_s16_tflite_args;
typedef mf_sum_constant_s8_tflite_args mf_sum_constant_s16_tflite_args;
typedef mf_product_s8_tflite_args mf_product_s16_tflite_args;
typedef mf_product_constant_s8_tflite_args mf_product_constant_s16_tflite_args;

typedef struct {
    int32_t elements;
    const int16_t *values;
} mf_constant_s16_args;

/* A window that slides over rows and columns; weights as in mf_conv_args. y = (sum * multiplier + half) >> right. */
typedef struct {
    int16_t input_height, input_width, input_channels;
    int16_t output_height, output_width, output_channels;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t dilation_y, dilation_x;
    int16_t pad_top, pad_left;
    int16_t lo, hi;
    const int8_t *weights;
    const int64_t *bias;       /* [O] */
    const int16_t *multiplier; /* [O] */
    const uint8_t *right;      /* [O], 1 .. 46 */
} mf_conv_s16_args;

typedef mf_conv_s16_args mf_conv2d_s16_args;
typedef mf_conv_s16_args mf_depthwise_s16_args;

/* [pixels][input_channels] times weights [O][I]; rounded as the windows. */
typedef struct {
    int32_t pixels, input_channels, output_channels;
    int16_t lo, hi;
    const int8_t *weights;
    const int64_t *bias;
    const int16_t *multiplier;
    const uint8_t *right;
} mf_pointwise_s16_args;

/* The same with y = sum * scale in double, halves away from zero, as TFLite defines FULLY_CONNECTED. */
typedef struct {
    int32_t pixels, input_channels, output_channels;
    int16_t zero_point, lo, hi;
    const int8_t *weights;
    const int64_t *bias;    /* [O], folded */
    const uint32_t *scales; /* [O][2]: the bits of doubles, the lower word first */
} mf_pointwise_real_args;

typedef mf_pointwise_real_args mf_pointwise_s8_real_args;
typedef mf_pointwise_real_args mf_pointwise_s16_real_args;

/* y = x * multiplier * 2^(shift - 31) in another scale, zero point or type. */
typedef struct {
    int32_t elements, multiplier;
    int16_t shift, input_zero_point, zero_point, lo, hi;
} mf_rescale_args;

typedef mf_rescale_args mf_rescale_s16_args;
typedef mf_rescale_args mf_rescale_s8_s16_args;
typedef mf_rescale_args mf_rescale_s16_s8_args;

/* The logistic function, or tanh where `tanh`, of (x * multiplier) >> right, by a table of the upper half of the curve. */
typedef struct {
    int32_t elements, multiplier;
    int16_t right, tanh;
    const uint16_t *table; /* [256]: sigmoid(i / 24) in 1/65536 */
} mf_sigmoid_s16_args;

/* Tables are curves of 512 straight pieces over all 16-bit values. */
typedef struct {
    int32_t rows, channels, multiplier;
    int16_t shift;
    const int16_t *exponentials; /* [513]: exp(-10 .. 0) in 1/32768 */
    const int16_t *reciprocals;  /* [513]: 1 / (1 + (0 .. 1)) in 1/32768 */
} mf_softmax_s16_args;

void mf_gather_s16(const mf_gather_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_constant_s16(const mf_constant_s16_args *args, int16_t *output, void *scratch);
void mf_join_s16(const mf_join_s16_args *args, const int16_t *a, const int16_t *b, int16_t *output, void *scratch);
void mf_fill_s16(const mf_fill_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_resize_nearest_s16(const mf_resize_nearest_s16_args *args, const int16_t *input, int16_t *output,
                           void *scratch);
void mf_resize_bilinear_s16(const mf_resize_bilinear_s16_args *args, const int16_t *input, int16_t *output,
                            void *scratch);
void mf_max_pool_s16(const mf_max_pool_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_average_pool_s16_tflite(const mf_average_pool_s16_tflite_args *args, const int16_t *input, int16_t *output,
                                void *scratch);
void mf_reduce_mean_s16_tflite(const mf_reduce_mean_s16_tflite_args *args, const int16_t *input, int16_t *output,
                               void *scratch);
void mf_prelu_s16_tflite(const mf_prelu_s16_tflite_args *args, const int16_t *input, int16_t *output,
                         void *scratch);
void mf_sum_s16_tflite(const mf_sum_s16_tflite_args *args, const int16_t *a, const int16_t *b, int16_t *output,
                       void *scratch);
void mf_sum_constant_s16_tflite(const mf_sum_constant_s16_tflite_args *args, const int16_t *input, int16_t *output,
                                void *scratch);
void mf_product_s16_tflite(const mf_product_s16_tflite_args *args, const int16_t *a, const int16_t *b,
                           int16_t *output, void *scratch);
void mf_product_constant_s16_tflite(const mf_product_constant_s16_tflite_args *args, const int16_t *input,
                                    int16_t *output, void *scratch);

void mf_conv2d_s16(const mf_conv2d_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_depthwise_s16(const mf_depthwise_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_pointwise_s16(const mf_pointwise_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_pointwise_s8_real(const mf_pointwise_s8_real_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_pointwise_s16_real(const mf_pointwise_s16_real_args *args, const int16_t *input, int16_t *output,
                           void *scratch);
void mf_rescale_s16(const mf_rescale_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_rescale_s8_s16(const mf_rescale_s8_s16_args *args, const int8_t *input, int16_t *output, void *scratch);
void mf_rescale_s16_s8(const mf_rescale_s16_s8_args *args, const int16_t *input, int8_t *output, void *scratch);
void mf_sigmoid_s16(const mf_sigmoid_s16_args *args, const int16_t *input, int16_t *output, void *scratch);
void mf_softmax_s16(const mf_softmax_s16_args *args, const int16_t *input, int16_t *output, void *scratch);

#endif
