/* SPDX-License-Identifier: Apache-2.0
 * More values of one kind round a tensor: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_fill_s8.c"
