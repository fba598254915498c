/* SPDX-License-Identifier: Apache-2.0
 * TFLite's mean over each window: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_average_pool_s8_tflite.c"
