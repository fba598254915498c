/* SPDX-License-Identifier: Apache-2.0
 * mf_dsp_matrix.c with a PReLU in the requantisation, see mf_prelu.h.
 */
#include "mf_prelu.h"

#include "mf_dsp_matrix.c"
