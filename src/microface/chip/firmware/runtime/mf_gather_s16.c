/* SPDX-License-Identifier: Apache-2.0
 * Slices, strides and transpositions: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_gather_s8.c"
