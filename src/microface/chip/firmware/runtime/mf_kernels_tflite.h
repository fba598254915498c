/* SPDX-License-Identifier: Apache-2.0
 * Kernels with TFLite's arithmetic, bit-identical with its reference kernels; conventions as in mf_kernels.h.
 */
#ifndef MF_KERNELS_TFLITE_H
#define MF_KERNELS_TFLITE_H

#include "mf_kernels.h"
#include "mf_kernels_dsp.h"

typedef mf_conv_args mf_conv2d_s8_tflite_args;
typedef mf_conv_args mf_depthwise_s8_tflite_args;
typedef mf_pointwise_args mf_pointwise_s8_tflite_args;
typedef mf_mean_s8_args mf_mean_s8_tflite_args;
typedef mf_mean_s8_args mf_mean_s8_tflite_dsp_args;
typedef mf_matrix_dsp_args mf_conv2d_s8_tflite_dsp_args;
typedef mf_matrix_dsp_args mf_pointwise_s8_tflite_dsp_args;
typedef mf_conv_args mf_depthwise_s8_tflite_dsp_args;
typedef mf_depthwise3x3_s8_dsp_args mf_depthwise3x3_s8_tflite_dsp_args;
typedef mf_dense_s8_dsp_args mf_dense_s8_tflite_dsp_args;
typedef mf_inverted_residual_s8_dsp_args mf_inverted_residual_s8_tflite_dsp_args;

/* y = a * first + b * second (minus where `negate`) in a common scale 2^20 finer, times last. Factors are multipliers
 * of 31 bits and shifts to the right. The output may be one of the inputs. */
typedef struct {
    int32_t elements;
    int32_t first, second, last;
    int16_t first_right, second_right, last_right;
    int16_t first_zero_point, second_zero_point, zero_point, lo, hi;
    int16_t negate;
} mf_add_s8_tflite_args;

/* Two tensors combined value by value; a stride of 0 stretches. Strides count values; `constant` is the second operand,
 * less its zero point, where only one is computed. Factors as in mf_add_s8_tflite_args; a product uses `last` alone. */
typedef struct {
    int16_t height, width, channels;
    int32_t a_row, a_column, a_channel;
    int32_t b_row, b_column, b_channel;
    int32_t first, second, last;
    int16_t first_right, second_right, last_shift;
    int16_t first_zero_point, second_zero_point, zero_point, lo, hi;
    int16_t negate;
    const int16_t *constant;
} mf_binary_tflite_args;

typedef mf_binary_tflite_args mf_sum_s8_tflite_args;
typedef mf_binary_tflite_args mf_sum_constant_s8_tflite_args;
typedef mf_binary_tflite_args mf_product_s8_tflite_args;
typedef mf_binary_tflite_args mf_product_constant_s8_tflite_args;

/* y = x * slope below 0; slopes as `constant` above. */
typedef struct {
    int16_t height, width, channels;
    int32_t slope_row, slope_column, slope_channel;
    int32_t above, below;
    int16_t above_shift, below_shift;
    int16_t input_zero_point, zero_point;
    const int16_t *slopes;
} mf_prelu_s8_tflite_args;

typedef struct {
    int32_t elements;
    const int8_t *table; /* [256], of the bytes -128 .. 127 */
} mf_lookup_s8_args;

/* output[y][x][c] = input[begin + y * row + x * column + c * channel] */
typedef struct {
    int16_t height, width, channels; /* of the output */
    int32_t begin, row, column, channel;
} mf_gather_s8_args;

/* There is no input. */
typedef struct {
    int32_t elements;
    const int8_t *values;
} mf_constant_s8_args;

/* Runs of `first` bytes of a and `second` bytes of b in turn, `count` times. */
typedef struct {
    int32_t count, first, second;
} mf_join_s8_args;

typedef struct {
    int16_t input_height, input_width, input_channels;
    int16_t output_height, output_width, output_channels;
    int16_t pad_top, pad_left, pad_channel, value;
} mf_fill_s8_args;

/* output[y][x] = input[rows[y]][columns[x]] */
typedef struct {
    int16_t input_width, channels;
    int16_t output_height, output_width;
    const int16_t *rows;    /* [output_height] */
    const int16_t *columns; /* [output_width] */
} mf_resize_nearest_s8_args;

/* Four neighbours weighted in 1/1024: per output row and column the two inputs and the weight of the second. */
typedef struct {
    int16_t input_width, channels;
    int16_t output_height, output_width;
    const int16_t *rows;    /* [output_height][first, second, weight] */
    const int16_t *columns; /* [output_width][first, second, weight] */
} mf_resize_bilinear_s8_args;

typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t pad_top, pad_left;
    int16_t lo, hi;
    int16_t floor;
} mf_average_pool_s8_tflite_args;

/* Weights of uint8 files less their zero point: [KH][KW][C]. */
typedef struct {
    int16_t input_height, input_width, input_channels;
    int16_t output_height, output_width, output_channels;
    int16_t kernel_height, kernel_width;
    int16_t stride_y, stride_x;
    int16_t dilation_y, dilation_x;
    int16_t pad_top, pad_left;
    int16_t input_zero_point, zero_point, lo, hi;
    const int16_t *weights;
    const int32_t *bias;       /* [C] */
    const int32_t *multiplier; /* [C] */
    const int8_t *shift;       /* [C] */
} mf_depthwise_s8_w16_tflite_args;

/* Sums over `rows` x `columns` x `depth` values round each output, which lie as far apart as the strides say. */
typedef struct {
    int16_t output_height, output_width, output_channels;
    int16_t rows, columns, depth;
    int32_t row, column; /* values between rows and columns of the input */
    int32_t step_row, step_column, step_channel; /* of the first value from output to output */
    int32_t multiplier;
    int16_t shift, zero_point;
    int32_t offset; /* count * input zero point */
} mf_reduce_mean_s8_tflite_args;

/* In float32, as TFLite defines it: a table of exponentials, as the bits of floats. */
typedef struct {
    int32_t rows, channels;
    uint32_t scale;
    int16_t zero_point;
    const uint32_t *table; /* [256] */
} mf_softmax_s8_tflite_args;

void mf_sum_s8_tflite(const mf_sum_s8_tflite_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                      void *scratch);
void mf_sum_constant_s8_tflite(const mf_sum_constant_s8_tflite_args *args, const int8_t *input, int8_t *output,
                               void *scratch);
void mf_product_s8_tflite(const mf_product_s8_tflite_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                          void *scratch);
void mf_product_constant_s8_tflite(const mf_product_constant_s8_tflite_args *args, const int8_t *input,
                                   int8_t *output, void *scratch);
void mf_prelu_s8_tflite(const mf_prelu_s8_tflite_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_lookup_s8(const mf_lookup_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_gather_s8(const mf_gather_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_constant_s8(const mf_constant_s8_args *args, int8_t *output, void *scratch);
void mf_join_s8(const mf_join_s8_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch);
void mf_fill_s8(const mf_fill_s8_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_resize_nearest_s8(const mf_resize_nearest_s8_args *args, const int8_t *input, int8_t *output,
                          void *scratch);
void mf_resize_bilinear_s8(const mf_resize_bilinear_s8_args *args, const int8_t *input, int8_t *output,
                           void *scratch);
void mf_depthwise_s8_w16_tflite(const mf_depthwise_s8_w16_tflite_args *args, const int8_t *input, int8_t *output,
                                void *scratch);
void mf_average_pool_s8_tflite(const mf_average_pool_s8_tflite_args *args, const int8_t *input, int8_t *output,
                               void *scratch);
void mf_reduce_mean_s8_tflite(const mf_reduce_mean_s8_tflite_args *args, const int8_t *input, int8_t *output,
                              void *scratch);
void mf_softmax_s8_tflite(const mf_softmax_s8_tflite_args *args, const int8_t *input, int8_t *output,
                          void *scratch);

void mf_add_s8_tflite(const mf_add_s8_tflite_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                      void *scratch);

void mf_conv2d_s8_tflite(const mf_conv2d_s8_tflite_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_depthwise_s8_tflite(const mf_depthwise_s8_tflite_args *args, const int8_t *input, int8_t *output,
                            void *scratch);
void mf_pointwise_s8_tflite(const mf_pointwise_s8_tflite_args *args, const int8_t *input, int8_t *output,
                            void *scratch);
void mf_mean_s8_tflite(const mf_mean_s8_tflite_args *args, const int8_t *input, int8_t *output, void *scratch);

void mf_conv2d_s8_tflite_dsp(const mf_conv2d_s8_tflite_dsp_args *args, const int8_t *input, int8_t *output,
                             void *scratch);
void mf_pointwise_s8_tflite_dsp(const mf_pointwise_s8_tflite_dsp_args *args, const int8_t *input, int8_t *output,
                                void *scratch);
void mf_depthwise_s8_tflite_dsp(const mf_depthwise_s8_tflite_dsp_args *args, const int8_t *input, int8_t *output,
                                void *scratch);
void mf_depthwise3x3_s8_tflite_dsp(const mf_depthwise3x3_s8_tflite_dsp_args *args, const int8_t *input,
                                   int8_t *output, void *scratch);
void mf_dense_s8_tflite_dsp(const mf_dense_s8_tflite_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch);
void mf_mean_s8_tflite_dsp(const mf_mean_s8_tflite_dsp_args *args, const int8_t *input, int8_t *output,
                           void *scratch);
void mf_inverted_residual_s8_tflite_dsp(const mf_inverted_residual_s8_tflite_dsp_args *args, const int8_t *input,
                                        int8_t *output, void *scratch);

#endif
