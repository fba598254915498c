/* SPDX-License-Identifier: Apache-2.0
 * The kernels for Armv7E-M (Cortex-M4 and M7), bit-identical with the portable ones of mf_kernels.h.
 *
 * Tables are laid out ahead of time for the loops that read them; tables of weights are aligned to 4. Weights of 8 and
 * of 4 bits have tables of their own, and one of both is there. Kernels with `_prelu` have a PReLU in their
 * requantisation: `pairs` and `constants` hold one word per channel more, see mf_prelu.h.
 */
#ifndef MF_KERNELS_DSP_H
#define MF_KERNELS_DSP_H

#include "mf_kernels.h"

/* A convolution as a matrix product: per output pixel `groups` of four inputs, channels by pairs (u, v).
 * Where output_channels is odd, the last pair is the last two channels, so one channel is computed twice.
 * The window is read by conv2d only; pointwise leaves it 0. */
typedef struct {
    int32_t pixels; /* of the output */
    int16_t inputs; /* per output pixel: KH * KW * I, or I */
    int16_t groups; /* ceil(inputs / 4) */
    int16_t output_channels;
    int16_t tile;   /* output pixels whose inputs are widened at a time, even */
    int16_t zero_point, lo, hi;
    int16_t input_height, input_width, input_channels, output_width;
    int16_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    int16_t input_zero_point;
    const int8_t *weights; /* [pairs][groups][u0 v0 u2 v2 u1 v1 u3 v3] */
    const uint8_t *nibbles; /* weights of 4 bits instead, plus 8: [pairs][groups][u0 u1, v0 v1, u2 u3, v2 v3] */
    const int32_t *pairs;  /* [pairs][bias u, bias v, multiplier u, multiplier v], biases folded and shifted left */
    const uint8_t *left;   /* [pairs][2], at most 8; no table where all are 0 */
} mf_matrix_dsp_args;

typedef mf_matrix_dsp_args mf_pointwise_s8_dsp_args;
typedef mf_matrix_dsp_args mf_conv2d_s8_dsp_args;
typedef mf_matrix_dsp_args mf_pointwise_s8_prelu_dsp_args;
typedef mf_matrix_dsp_args mf_conv2d_s8_prelu_dsp_args;

/* 3x3 depthwise; the plane of one channel has `plane_rows` rows of `plane_pitch` bytes, padding included. */
typedef struct {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t stride, pad_top, pad_left;
    int16_t plane_rows, plane_pitch;
    int16_t steps; /* ceil(output_width / 4) */
    int16_t input_zero_point, zero_point, lo, hi;
    const int8_t *weights;    /* [C][3][w0 w1 w2 0] */
    const uint16_t *nibbles;  /* weights of 4 bits instead: [C][3 rows], w0 in the lowest nibble */
    const int32_t *constants; /* [C][bias, multiplier], biases folded and shifted left */
    const uint8_t *left;      /* [C], at most 8; no table where all are 0 */
} mf_depthwise3x3_s8_dsp_args;

typedef mf_depthwise3x3_s8_dsp_args mf_depthwise3x3_s8_prelu_dsp_args;

/* An inverted residual: 1x1 expansion, 3x3 depthwise, 1x1 projection, addition of the input; the first and the last
 * may be absent. Strips of `rows` output rows at a time; the widened planes of `planes` channels hold plane_rows rows:
 * all channels where strips follow one another, two where one strip is the whole map. */
typedef struct {
    int16_t input_height, input_width, input_channels;
    int16_t channels; /* of the depthwise convolution, even */
    int16_t output_height, output_width, output_channels;
    int16_t stride, pad_top, pad_left;
    int16_t rows, plane_rows, plane_pitch, planes, steps;
    int16_t expand_groups, project_groups, tile;
    int16_t middle_zero_point;    /* of the depthwise convolution's input */
    int16_t depthwise_zero_point; /* of its output */
    int16_t depthwise_lo, depthwise_hi, zero_point, lo, hi;
    int16_t adds, add_input, add_projection, add_shift, add_lo, add_hi; /* factors of mf_add_s8_args */
    int32_t add_c;
    const int32_t *add_constants; /* instead, with TFLite's rounding: factors, shifts and zero points */
    const int8_t *expand_weights; /* as mf_matrix_dsp_args; no tables where there is no expansion */
    const uint8_t *expand_nibbles;
    const int32_t *expand_pairs;
    const uint8_t *expand_left;
    const int8_t *depthwise_weights; /* as mf_depthwise3x3_s8_dsp_args */
    const uint16_t *depthwise_nibbles;
    const int32_t *depthwise_constants;
    const uint8_t *depthwise_left;
    const int8_t *project_weights; /* as mf_matrix_dsp_args */
    const uint8_t *project_nibbles;
    const int32_t *project_pairs;
    const uint8_t *project_left;
} mf_inverted_residual_s8_dsp_args;

typedef mf_inverted_residual_s8_dsp_args mf_inverted_residual_s8_prelu_dsp_args;

/* Dense; `groups` of four inputs, an even number, four outputs at a time. */
typedef struct {
    int16_t inputs, groups, outputs;
    int16_t zero_point, lo, hi;
    const int8_t *weights;     /* [ceil(O / 4)][groups][4 outputs][4 inputs] */
    const uint8_t *nibbles;    /* weights of 4 bits instead, plus 8: [ceil(O / 4)][groups][2][4 inputs][2 outputs] */
    const int32_t *bias;       /* [4 * ceil(O / 4)], folded */
    const int32_t *multiplier; /* [O] */
    const int32_t *below;      /* [O], no table where there is no PReLU */
    const uint8_t *left;       /* [O] */
} mf_dense_s8_dsp_args;

typedef mf_add_s8_args mf_add_s8_dsp_args;
typedef mf_mean_s8_args mf_mean_s8_dsp_args;
typedef mf_max_pool_s8_args mf_max_pool_s8_dsp_args;
typedef mf_average_pool_s8_args mf_average_pool_s8_dsp_args;
typedef mf_conv_args mf_depthwise_s8_dsp_args;
typedef mf_conv_args mf_depthwise_s8_prelu_dsp_args;
typedef mf_dense_s8_dsp_args mf_dense_s8_prelu_dsp_args;
typedef mf_prelu_s8_args mf_prelu_s8_dsp_args;

void mf_pointwise_s8_dsp(const mf_pointwise_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_conv2d_s8_dsp(const mf_conv2d_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_depthwise3x3_s8_dsp(const mf_depthwise3x3_s8_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch);
void mf_dense_s8_dsp(const mf_dense_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_add_s8_dsp(const mf_add_s8_dsp_args *args, const int8_t *a, const int8_t *b, int8_t *output, void *scratch);
void mf_prelu_s8_dsp(const mf_prelu_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_mean_s8_dsp(const mf_mean_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_max_pool_s8_dsp(const mf_max_pool_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);

void mf_inverted_residual_s8_dsp(const mf_inverted_residual_s8_dsp_args *args, const int8_t *input, int8_t *output,
                                 void *scratch);

void mf_depthwise_s8_dsp(const mf_depthwise_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch);
void mf_average_pool_s8_dsp(const mf_average_pool_s8_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch);

void mf_dense_s8_prelu_dsp(const mf_dense_s8_prelu_dsp_args *args, const int8_t *input, int8_t *output,
                           void *scratch);
void mf_depthwise_s8_prelu_dsp(const mf_depthwise_s8_prelu_dsp_args *args, const int8_t *input, int8_t *output,
                               void *scratch);
void mf_pointwise_s8_prelu_dsp(const mf_pointwise_s8_prelu_dsp_args *args, const int8_t *input, int8_t *output,
                               void *scratch);
void mf_conv2d_s8_prelu_dsp(const mf_conv2d_s8_prelu_dsp_args *args, const int8_t *input, int8_t *output,
                            void *scratch);
void mf_depthwise3x3_s8_prelu_dsp(const mf_depthwise3x3_s8_prelu_dsp_args *args, const int8_t *input, int8_t *output,
                                  void *scratch);
void mf_inverted_residual_s8_prelu_dsp(const mf_inverted_residual_s8_prelu_dsp_args *args, const int8_t *input,
                                       int8_t *output, void *scratch);

#endif
