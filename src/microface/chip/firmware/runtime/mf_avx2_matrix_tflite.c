/* SPDX-License-Identifier: Apache-2.0
 * mf_avx2_matrix.c with the rounding of TFLite, see mf_tflite.h.
 */
#include "mf_tflite.h"

#include "mf_avx2_matrix.c"
