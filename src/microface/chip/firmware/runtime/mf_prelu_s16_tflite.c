/* SPDX-License-Identifier: Apache-2.0
 * TFLite's PRELU and LEAKY_RELU: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_prelu_s8_tflite.c"
