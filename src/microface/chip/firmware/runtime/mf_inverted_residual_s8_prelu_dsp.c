/* SPDX-License-Identifier: Apache-2.0
 * mf_inverted_residual_s8_dsp.c with PReLUs behind expansion and depthwise convolution, see mf_prelu.h. The projection
 * has none.
 */
#include "mf_prelu.h"

#undef mf_dsp_tile

#include "mf_inverted_residual_s8_dsp.c"
