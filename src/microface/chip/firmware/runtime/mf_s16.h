/* SPDX-License-Identifier: Apache-2.0
 * Kernels of 16-bit values that are the sources of the byte kernels with another type: a file mf_NAME_s16.c includes this
 * header, which renames their functions, and then mf_NAME_s8.c.
 */
#ifndef MF_S16_H
#define MF_S16_H

#include "mf_kernels_s16.h"
#include "mf_kernels_tflite.h"

#define MF_S16 1
#define mf_gather_s8 mf_gather_s16
#define mf_constant_s8 mf_constant_s16
#define mf_constant_s8_args mf_constant_s16_args
#define mf_join_s8 mf_join_s16
#define mf_fill_s8 mf_fill_s16
#define mf_resize_nearest_s8 mf_resize_nearest_s16
#define mf_resize_bilinear_s8 mf_resize_bilinear_s16
#define mf_max_pool_s8 mf_max_pool_s16
#define mf_average_pool_s8_tflite mf_average_pool_s16_tflite
#define mf_reduce_mean_s8_tflite mf_reduce_mean_s16_tflite
#define mf_prelu_s8_tflite mf_prelu_s16_tflite
#define mf_sum_s8_tflite mf_sum_s16_tflite
#define mf_sum_constant_s8_tflite mf_sum_constant_s16_tflite
#define mf_product_s8_tflite mf_product_s16_tflite
#define mf_product_constant_s8_tflite mf_product_constant_s16_tflite

#endif
