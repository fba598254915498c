/* SPDX-License-Identifier: Apache-2.0
 * mf_mean_s8.c with the rounding of TFLite, see mf_tflite.h.
 */
#include "mf_tflite.h"

#include "mf_mean_s8.c"
