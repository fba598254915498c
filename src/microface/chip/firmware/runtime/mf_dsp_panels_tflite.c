/* SPDX-License-Identifier: Apache-2.0
 * mf_dsp_panels.c with the rounding of TFLite, see mf_tflite.h.
 */
#include "mf_tflite.h"

#include "mf_dsp_panels.c"
