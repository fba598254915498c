/* SPDX-License-Identifier: Apache-2.0
 * One value of TFLite's sums and products, shared by the kernels with one and with two computed operands.
 */
#ifndef MF_BINARY_TFLITE_H
#define MF_BINARY_TFLITE_H

#include "mf_kernels_tflite.h"
#include "mf_rescale.h"
#include "mf_value.h"

static inline int32_t mf_a_place(const mf_binary_tflite_args *args, int32_t y, int32_t x, int32_t c)
{
    return y * args->a_row + x * args->a_column + c * args->a_channel;
}

static inline int32_t mf_b_place(const mf_binary_tflite_args *args, int32_t y, int32_t x, int32_t c)
{
    return y * args->b_row + x * args->b_column + c * args->b_channel;
}

/* a and b less their zero points. */
static inline mf_value mf_sum_value(const mf_binary_tflite_args *args, int32_t a, int32_t b)
{
    const int32_t first = mf_rescale_down(a * (1 << MF_FINE), args->first, args->first_right);
    const int32_t second = mf_rescale_down(b * (1 << MF_FINE), args->second, args->second_right);
    const int32_t sum = args->negate ? first - second : first + second;
    const int32_t value = mf_rescale(sum, args->last, args->last_shift) + args->zero_point;
    return (mf_value)mf_clamp(value, args->lo, args->hi);
}

static inline mf_value mf_product_value(const mf_binary_tflite_args *args, int32_t a, int32_t b)
{
    const int32_t value = mf_rescale(a * b, args->last, args->last_shift) + args->zero_point;
    return (mf_value)mf_clamp(value, args->lo, args->hi);
}

#endif
