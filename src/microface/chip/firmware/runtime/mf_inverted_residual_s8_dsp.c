/* SPDX-License-Identifier: Apache-2.0
 * Inverted residual on Armv7E-M in one go: 1x1 expansion, 3x3 depthwise (stride 1 or 2), 1x1 projection, addition of
 * the input: [H][W][I] s8 -> [OH][OW][O] s8, each step rounded as by its own kernel.
 *
 * The wide tensors between the steps never exist as a whole. Output rows come in strips: the input rows that a strip
 * needs for the first time are expanded into 16-bit planes, which keep the last one or two rows of the strip before,
 * so nothing is computed twice; the depthwise outputs of the strip are bytes, then projected. Without expansion the
 * planes are widened from the input. The output may overlap the input as far as no strip overwrites what later ones
 * read. Scratch, one after the other: a channel panel, a pixel panel, a depthwise head, planes, a strip with room for
 * three more pixels.
 */
#include "mf_dsp.h"
#include "mf_dsp_depthwise.h"
#include "mf_dsp_matrix.h"
#include "mf_kernels_dsp.h"
#include "mf_kernels_tflite.h"

typedef mf_inverted_residual_s8_dsp_args arguments;

/* The call: its parts as arguments of their own, and its scratch. */
typedef struct {
    const arguments *args;
    mf_matrix_dsp_args expand, project;
    mf_dsp_depthwise depthwise;
    mf_dsp_channels taps;
    int32_t skip_pairs, skip_single; /* of the expansion's channel panels */
    uint32_t *panel, *pixels, *head;
    int8_t *planes, *strip;
} call;

/* Output rows first .. first + count - 1, and the input rows begin .. end - 1 that they need for the first time. The
 * planes' row 0 is the input row `origin`, which may lie in the padding; `kept` rows are there already. */
typedef struct {
    int32_t first, count, origin, kept, span, begin, end;
} strip;

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static call prepare(const arguments *args, void *scratch)
{
    const int32_t groups = larger(args->expand_groups, args->project_groups);
    const int32_t new_rows = smaller(args->plane_rows, args->input_height);
    const int32_t row_words = 2 * args->expand_groups * args->input_width;
    call self = {.args = args, .panel = scratch};
    self.pixels = self.panel + MF_DSP_PANEL_WORDS(groups);
    self.head = self.pixels + larger(new_rows * row_words, 2 * args->tile * args->project_groups);
    self.planes = (int8_t *)(self.head + sizeof(mf_dsp_plane1) / sizeof *self.head);
    self.strip = self.planes + args->planes * args->plane_rows * args->plane_pitch;
    self.expand = (mf_matrix_dsp_args){
        .inputs = args->input_channels, .groups = args->expand_groups, .output_channels = args->channels,
        .zero_point = args->middle_zero_point, .weights = args->expand_weights, .nibbles = args->expand_nibbles,
        .pairs = args->expand_pairs, .left = args->expand_left};
    self.project = (mf_matrix_dsp_args){
        .inputs = args->channels, .groups = args->project_groups, .output_channels = args->output_channels,
        .zero_point = args->zero_point, .lo = args->lo, .hi = args->hi, .weights = args->project_weights,
        .nibbles = args->project_nibbles, .pairs = args->project_pairs, .left = args->project_left};
    self.depthwise = (mf_dsp_depthwise){args->stride,       args->steps,    args->plane_pitch,
                                        args->output_width, args->channels, args->depthwise_zero_point};
    self.taps = (mf_dsp_channels){args->depthwise_weights, args->depthwise_nibbles, args->depthwise_constants,
                                  args->depthwise_left};
    self.skip_pairs = mf_dsp_skip(args->expand_groups, MF_DSP_GROUP_2X2);
    self.skip_single = mf_dsp_skip(args->expand_groups, MF_DSP_GROUP_2X1);
    return self;
}

static strip strip_at(const arguments *args, int32_t first)
{
    strip rows = {.first = first, .count = smaller(args->rows, args->output_height - first)};
    rows.kept = first == 0 ? 0 : 3 - args->stride;
    rows.origin = first * args->stride - args->pad_top;
    rows.span = (rows.count - 1) * args->stride + 3;
    rows.begin = larger(rows.origin + rows.kept, 0);
    rows.end = larger(smaller(rows.origin + rows.span, args->input_height), rows.begin);
    return rows;
}

static int8_t *plane_of(const call *self, int32_t channel)
{
    const arguments *args = self->args;
    return self->planes + channel % args->planes * args->plane_rows * args->plane_pitch;
}

/* The last rows of the strip before become the first ones. */
static void keep_rows(const arguments *args, int8_t *plane, int32_t rows)
{
    uint32_t *to = (uint32_t *)(void *)plane;
    const uint32_t *from = (const uint32_t *)(const void *)(plane + args->rows * args->stride * args->plane_pitch);
    mf_dsp_move(to, from, rows * args->plane_pitch / 4);
}

/* New rows above the input's first and below its last one hold the padding. */
static void fill_padding(const arguments *args, int8_t *plane, const strip *rows)
{
    const int32_t cells = args->plane_pitch / 2, last = rows->end - rows->origin;
    if (rows->begin - rows->origin > rows->kept) {
        const int32_t above = rows->begin - rows->origin - rows->kept;
        mf_dsp_fill(plane + rows->kept * args->plane_pitch, args->middle_zero_point, above * cells);
    }
    if (rows->span > last) {
        mf_dsp_fill(plane + last * args->plane_pitch, args->middle_zero_point, (rows->span - last) * cells);
    }
}

static int8_t *first_cell(const arguments *args, int8_t *plane, const strip *rows)
{
    return plane + (rows->begin - rows->origin) * args->plane_pitch + 2 * args->pad_left;
}

/* Expand the new rows, which lie widened in the pixel panel, into the planes of channels c and c + 1. */
static void expand_pair(const call *self, const strip *rows, int32_t c)
{
    const arguments *args = self->args;
    const int32_t groups = args->expand_groups, width = args->input_width;
    mf_dsp_tail *tail = mf_dsp_fill_panel(&self->expand, c / 2, self->panel);
    mf_dsp_head *head = (mf_dsp_head *)self->panel;
    const uint32_t *pixels = self->pixels;
    int8_t *cells = first_cell(args, plane_of(self, c), rows);
    tail->pitch = args->plane_rows * args->plane_pitch;
    for (int32_t y = rows->begin; y < rows->end; y++) {
        const uint32_t *single = pixels + width / 2 * 4 * groups;
        tail->output = cells;
        tail->pixels_end = single;
        if (width > 1) {
            head->skip = self->skip_pairs;
            mf_dsp_panels_2x2_planes(self->panel, pixels);
        }
        if (width & 1) {
            head->skip = self->skip_single;
            mf_dsp_panels_2x1_planes(self->panel, single);
        }
        pixels += 2 * groups * width;
        cells += args->plane_pitch;
    }
}

/* Without expansion the planes are the input's channels c and c + 1. */
static void widen_pair(const call *self, const strip *rows, const int8_t *input, int32_t c)
{
    const arguments *args = self->args;
    const int32_t width = args->input_width, skip = args->plane_pitch - 2 * width;
    if (rows->end == rows->begin) {
        return;
    }
    for (int32_t i = c; i < c + 2; i++) {
        int16_t *cells = (int16_t *)(void *)first_cell(args, plane_of(self, i), rows);
        const int8_t *bytes = input + rows->begin * width * args->channels + i;
        mf_dsp_widen_plane(cells, bytes, width, args->channels, rows->end - rows->begin, skip);
    }
}

static void convolve_channel(const call *self, const strip *rows, int32_t c)
{
    const arguments *args = self->args;
    mf_dsp_set_channel(self->head, &self->depthwise, &self->taps, c);
    mf_dsp_rows(self->head, &self->depthwise, plane_of(self, c), rows->count, self->strip + c, args->channels);
}

static void project(const call *self, int32_t pixels, int8_t *output)
{
    const arguments *args = self->args;
    for (int32_t done = 0; done < pixels; done += args->tile) {
        const int32_t count = smaller(args->tile, pixels - done);
        mf_dsp_widen(self->pixels, self->strip + done * args->channels, count, args->channels);
        mf_dsp_tile(&self->project, self->panel, self->pixels, count, output + done * args->output_channels);
    }
}

#ifdef MF_TFLITE
static void add(const arguments *args, const int8_t *input, const int8_t *projection, int8_t *output, int32_t pixels)
{
    const int32_t *constants = args->add_constants;
    const mf_add_s8_tflite_args sum = {.elements = pixels * args->output_channels,
                                       .first = constants[0],
                                       .second = constants[1],
                                       .last = constants[2],
                                       .first_right = (int16_t)constants[3],
                                       .second_right = (int16_t)constants[4],
                                       .last_right = (int16_t)constants[5],
                                       .first_zero_point = (int16_t)constants[6],
                                       .second_zero_point = (int16_t)constants[7],
                                       .zero_point = (int16_t)constants[8],
                                       .lo = args->add_lo,
                                       .hi = args->add_hi};
    mf_add_s8_tflite(&sum, input, projection, output, (void *)0);
}
#else
static void add(const arguments *args, const int8_t *input, const int8_t *projection, int8_t *output, int32_t pixels)
{
    const mf_add_s8_dsp_args sum = {.elements = pixels * args->output_channels,
                                    .c = args->add_c,
                                    .ma = args->add_input,
                                    .mb = args->add_projection,
                                    .shift = args->add_shift,
                                    .lo = args->add_lo,
                                    .hi = args->add_hi};
    mf_add_s8_dsp(&sum, input, projection, output, (void *)0);
}
#endif

static void run_strip(const call *self, const strip *rows, const int8_t *input, int8_t *output)
{
    const arguments *args = self->args;
    const int32_t row = args->input_width * args->input_channels, pixels = rows->count * args->output_width;
    const uint32_t row_words = 2 * (uint32_t)args->expand_groups * (uint32_t)args->input_width;
    for (int32_t y = rows->begin; args->expand_groups && y < rows->end; y++) {
        uint32_t *panel = self->pixels + (uint32_t)(y - rows->begin) * row_words;
        mf_dsp_widen(panel, input + y * row, args->input_width, args->input_channels);
    }
    for (int32_t c = 0; rows->first > 0 && c < args->channels; c++) { /* the first strip finds padding everywhere */
        int8_t *plane = plane_of(self, c);
        keep_rows(args, plane, rows->kept);
        fill_padding(args, plane, rows);
    }
    for (int32_t c = 0; c < args->channels; c += 2) {
        if (args->expand_groups) {
            expand_pair(self, rows, c);
        } else {
            widen_pair(self, rows, input, c);
        }
        convolve_channel(self, rows, c);
        convolve_channel(self, rows, c + 1);
    }
    mf_dsp_clamp(self->strip, pixels * args->channels, args->depthwise_lo, args->depthwise_hi);
    output += rows->first * args->output_width * args->output_channels;
    if (args->adds) {
        project(self, pixels, self->strip);
        add(args, input + rows->first * row, self->strip, output, pixels);
    } else {
        project(self, pixels, output);
    }
}

void mf_inverted_residual_s8_dsp(const mf_inverted_residual_s8_dsp_args *args, const int8_t *input, int8_t *output,
                                 void *scratch)
{
    const call self = prepare(args, scratch);
    mf_dsp_begin(self.head, &self.depthwise);
    mf_dsp_fill(self.planes, args->middle_zero_point, args->planes * args->plane_rows * args->plane_pitch / 2);
    for (int32_t first = 0; first < args->output_height; first += args->rows) {
        const strip rows = strip_at(args, first);
        run_strip(&self, &rows, input, output);
    }
}
