/* SPDX-License-Identifier: Apache-2.0
 * TFLite's mean over any axes: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_reduce_mean_s8_tflite.c"
