/* SPDX-License-Identifier: Apache-2.0
 * TFLite's product with a constant: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_product_constant_s8_tflite.c"
