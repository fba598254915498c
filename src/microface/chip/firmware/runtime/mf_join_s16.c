/* SPDX-License-Identifier: Apache-2.0
 * Two tensors one after the other: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_join_s8.c"
