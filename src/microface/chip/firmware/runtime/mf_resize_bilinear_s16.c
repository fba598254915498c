/* SPDX-License-Identifier: Apache-2.0
 * Another size by four weighted neighbours: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_resize_bilinear_s8.c"
