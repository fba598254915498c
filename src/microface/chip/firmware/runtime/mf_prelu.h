/* SPDX-License-Identifier: Apache-2.0
 * Fast kernels with a PReLU in their requantisation are the same sources with another rounding: a file
 * mf_NAME_prelu_dsp.c or mf_dsp_NAME_prelu.c includes this header, which renames the functions that differ, and then
 * the source without `prelu`.
 *
 * Constants in panels and planes hold one word per channel more, behind the multipliers: what is added to the
 * multiplier below zero, modulo 2^32. An AND with the sum's sign and an addition choose, so that nothing branches and
 * each output is rounded once. Dense layers and depthwise windows of any size read the table `below`.
 */
#ifndef MF_PRELU_H
#define MF_PRELU_H

#define MF_PRELU 1

#define mf_conv2d_s8_dsp mf_conv2d_s8_prelu_dsp
#define mf_pointwise_s8_dsp mf_pointwise_s8_prelu_dsp
#define mf_dense_s8_dsp mf_dense_s8_prelu_dsp
#define mf_depthwise_s8_dsp mf_depthwise_s8_prelu_dsp
#define mf_depthwise3x3_s8_dsp mf_depthwise3x3_s8_prelu_dsp
#define mf_inverted_residual_s8_dsp mf_inverted_residual_s8_prelu_dsp

#define mf_dsp_fill_panel mf_dsp_fill_panel_prelu
#define mf_dsp_tile mf_dsp_tile_prelu
#define mf_dsp_panels_2x2 mf_dsp_panels_2x2_prelu
#define mf_dsp_panels_2x1 mf_dsp_panels_2x1_prelu
#define mf_dsp_panels_2x2_planes mf_dsp_panels_2x2_planes_prelu
#define mf_dsp_panels_2x1_planes mf_dsp_panels_2x1_planes_prelu

#define mf_dsp_begin mf_dsp_begin_prelu
#define mf_dsp_set_channel mf_dsp_set_channel_prelu
#define mf_dsp_rows mf_dsp_rows_prelu
#define mf_dsp_rows1 mf_dsp_rows1_prelu
#define mf_dsp_rows2 mf_dsp_rows2_prelu

#endif
