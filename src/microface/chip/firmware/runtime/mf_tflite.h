/* SPDX-License-Identifier: Apache-2.0
 * Kernels with TFLite's rounding are the same sources with another requantisation: a file mf_NAME_tflite.c includes
 * this header, which renames every function of those sources and replaces the rounding, and then mf_NAME.c.
 *
 * Tables differ in this: `left` holds TFLite's shifts as int8, see mf_rescale; the constants of the _dsp kernels hold, beside the bias,
 * 2 * multiplier - 2^32, 2^(right - 1) + zero_point * 2^right, and right.
 */
#ifndef MF_TFLITE_H
#define MF_TFLITE_H

#include "mf_rescale.h"

#define MF_TFLITE 1
#define mf_highmul(acc, multiplier, shift) mf_rescale(acc, multiplier, (int8_t)(shift))

#define mf_mean_s8 mf_mean_s8_tflite
#define mf_mean_s8_dsp mf_mean_s8_tflite_dsp
#define mf_conv2d_s8 mf_conv2d_s8_tflite
#define mf_pointwise_s8 mf_pointwise_s8_tflite
#define mf_depthwise_s8 mf_depthwise_s8_tflite

#define mf_conv2d_s8_dsp mf_conv2d_s8_tflite_dsp
#define mf_pointwise_s8_dsp mf_pointwise_s8_tflite_dsp
#define mf_depthwise_s8_dsp mf_depthwise_s8_tflite_dsp
#define mf_depthwise3x3_s8_dsp mf_depthwise3x3_s8_tflite_dsp
#define mf_dense_s8_dsp mf_dense_s8_tflite_dsp
#define mf_inverted_residual_s8_dsp mf_inverted_residual_s8_tflite_dsp

#define mf_conv2d_s8_avx2 mf_conv2d_s8_tflite_avx2
#define mf_pointwise_s8_avx2 mf_pointwise_s8_tflite_avx2
#define mf_depthwise_s8_avx2 mf_depthwise_s8_tflite_avx2
#define mf_avx2_widen_all mf_avx2_widen_all_tflite
#define mf_avx2_tile mf_avx2_tile_tflite

#define mf_dsp_widen mf_dsp_widen_tflite
#define mf_dsp_widen_pixel mf_dsp_widen_pixel_tflite
#define mf_dsp_fill_panel mf_dsp_fill_panel_tflite
#define mf_dsp_skip mf_dsp_skip_tflite
#define mf_dsp_tile mf_dsp_tile_tflite
#define mf_dsp_panels_2x2 mf_dsp_panels_2x2_tflite
#define mf_dsp_panels_2x1 mf_dsp_panels_2x1_tflite
#define mf_dsp_panels_2x2_planes mf_dsp_panels_2x2_planes_tflite
#define mf_dsp_panels_2x1_planes mf_dsp_panels_2x1_planes_tflite

#define mf_dsp_begin mf_dsp_begin_tflite
#define mf_dsp_set_channel mf_dsp_set_channel_tflite
#define mf_dsp_rows mf_dsp_rows_tflite
#define mf_dsp_fill mf_dsp_fill_tflite
#define mf_dsp_move mf_dsp_move_tflite
#define mf_dsp_rows1 mf_dsp_rows1_tflite
#define mf_dsp_rows2 mf_dsp_rows2_tflite
#define mf_dsp_widen_plane mf_dsp_widen_plane_tflite

#endif
