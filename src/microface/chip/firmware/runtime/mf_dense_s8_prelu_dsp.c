/* SPDX-License-Identifier: Apache-2.0
 * mf_dense_s8_dsp.c with a PReLU in its requantisation, see mf_prelu.h.
 */
#include "mf_prelu.h"

#include "mf_dense_s8_dsp.c"
