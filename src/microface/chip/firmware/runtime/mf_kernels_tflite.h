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
