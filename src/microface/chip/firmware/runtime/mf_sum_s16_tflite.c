/* SPDX-License-Identifier: Apache-2.0
 * TFLite's sum or difference of two tensors: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_sum_s8_tflite.c"
