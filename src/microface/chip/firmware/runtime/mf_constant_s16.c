/* SPDX-License-Identifier: Apache-2.0
 * A constant goes to the arena: the same as for bytes, with 16 bits.
 */
#include "mf_s16.h"

#include "mf_constant_s8.c"
