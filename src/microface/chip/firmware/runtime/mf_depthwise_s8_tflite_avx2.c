/* SPDX-License-Identifier: Apache-2.0
 * mf_depthwise_s8_avx2.c with the rounding of TFLite, see mf_tflite.h.
 */
#include "mf_tflite.h"

#include "mf_depthwise_s8_avx2.c"
