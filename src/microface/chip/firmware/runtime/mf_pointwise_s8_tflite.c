/* SPDX-License-Identifier: Apache-2.0
 * mf_pointwise_s8.c with the rounding of TFLite, see mf_tflite.h.
 */
#include "mf_tflite.h"

#include "mf_pointwise_s8.c"
