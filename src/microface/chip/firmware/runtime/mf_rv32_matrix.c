/* SPDX-License-Identifier: Apache-2.0
 * Products of three pixels with four outputs. The twelve sums are scalars with names, so that each has a register.
 */
#include "mf_rv32_matrix.h"

#include "mf_rv32_output.h"

/* The empty statement has the four sums in registers when it is reached: without it compilers put off the additions
   and run out of registers. */
#define PIXEL(p, x)                                                                                                    \
    do {                                                                                                               \
        const int32_t v = (x);                                                                                         \
        p##0 += v * w0;                                                                                                \
        p##1 += v * w1;                                                                                                \
        p##2 += v * w2;                                                                                                \
        p##3 += v * w3;                                                                                                \
        __asm volatile("" : "+r"(p##0), "+r"(p##1), "+r"(p##2), "+r"(p##3));                                           \
    } while (0)

/* One input of all three pixels. */
#define INPUT(i)                                                                                                       \
    do {                                                                                                               \
        const int32_t w0 = w[4 * (i)], w1 = w[4 * (i) + 1], w2 = w[4 * (i) + 2], w3 = w[4 * (i) + 3];                  \
        PIXEL(a, xa[i]);                                                                                               \
        PIXEL(b, xb[i]);                                                                                               \
        PIXEL(c, xc[i]);                                                                                               \
    } while (0)

__attribute__((noinline)) static void sum_up(const int8_t *w, const int8_t *const x[MF_RV32_PIXELS], int32_t inputs, const int32_t *bias,
                          int32_t sums[MF_RV32_PIXELS][MF_RV32_OUTPUTS])
{
    const int8_t *xa = x[0], *xb = x[1], *xc = x[2];
    const int8_t *const end = xa + inputs, *const fours = xa + (inputs & ~3);
    int32_t a0 = bias[0], a1 = bias[1], a2 = bias[2], a3 = bias[3];
    int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3, c0 = a0, c1 = a1, c2 = a2, c3 = a3;
    for (; xa != fours; xa += 4, xb += 4, xc += 4, w += 16) {
        INPUT(0);
        INPUT(1);
        INPUT(2);
        INPUT(3);
    }
    for (; xa != end; xa++, xb++, xc++, w += 4) {
        INPUT(0);
    }
    const int32_t all[] = {a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3};
    for (int32_t i = 0; i < MF_RV32_PIXELS * MF_RV32_OUTPUTS; i++) {
        sums[i / MF_RV32_OUTPUTS][i % MF_RV32_OUTPUTS] = all[i];
    }
}

void mf_rv32_matrix(const mf_matrix_rv32_args *args, const int8_t *pixels, int32_t step, int32_t count,
                    int8_t *output)
{
    const int32_t outputs = args->output_channels;
    const int8_t *const second = count > 1 ? pixels + step : pixels;
    const int8_t *const x[MF_RV32_PIXELS] = {pixels, second, count > 2 ? second + step : second};
    const int8_t *w = args->weights;
    for (int32_t o = 0; o < outputs; o += MF_RV32_OUTPUTS, w += MF_RV32_OUTPUTS * args->inputs) {
        int32_t sums[MF_RV32_PIXELS][MF_RV32_OUTPUTS];
        sum_up(w, x, args->inputs, args->bias + o, sums);
        const int32_t end = outputs - o < MF_RV32_OUTPUTS ? outputs : o + MF_RV32_OUTPUTS;
        for (int32_t i = o; i < end; i++) {
            const mf_rv32_output channel = MF_RV32_OUTPUT(args, i);
            for (int32_t p = 0; p < count; p++) {
                output[p * outputs + i] = mf_rv32_output_of(channel, sums[p][i - o]);
            }
        }
    }
}
