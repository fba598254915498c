/* SPDX-License-Identifier: Apache-2.0
 * Kernels with TFLite's rounding for AVX2 hosts; conventions as in mf_kernels_avx2.h, `left` holds TFLite's shifts.
 */
#ifndef MF_KERNELS_TFLITE_AVX2_H
#define MF_KERNELS_TFLITE_AVX2_H

#include "mf_kernels_avx2.h"

typedef mf_conv2d_s8_avx2_args mf_conv2d_s8_tflite_avx2_args;
typedef mf_pointwise_s8_avx2_args mf_pointwise_s8_tflite_avx2_args;
typedef mf_depthwise_s8_avx2_args mf_depthwise_s8_tflite_avx2_args;

void mf_conv2d_s8_tflite_avx2(const mf_conv2d_s8_tflite_avx2_args *args, const int8_t *input, int8_t *output,
                              void *scratch);
void mf_pointwise_s8_tflite_avx2(const mf_pointwise_s8_tflite_avx2_args *args, const int8_t *input, int8_t *output,
                                 void *scratch);
void mf_depthwise_s8_tflite_avx2(const mf_depthwise_s8_tflite_avx2_args *args, const int8_t *input, int8_t *output,
                                 void *scratch);

#endif
