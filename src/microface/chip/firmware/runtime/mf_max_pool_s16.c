/* SPDX-License-Identifier: Apache-2.0
 * The largest value of each window: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_max_pool_s8.c"
