/* SPDX-License-Identifier: Apache-2.0
 * Another slope below zero for each channel, on Armv7E-M: [pixels][C] s8 -> the same shape and scale, halves up. Eight
 * values at a time, by 16-bit pairs. The output may be the input.
 */
#include "mf_kernels_dsp.h"
#include "mf_requantise.h"

/* Of the pair r10 = values, with slopes in `slopes`: GE says which are not below zero; r12 = (value * slope + r6) >> 14
 * for both, r6 = 2^13 + zero_point * 2^14; then the one or the other, cut to a byte. */
#define PAIR(slopes, result)                 \
    "ssub16 r11, r10, r5\n"                  \
    "smlabb r12, r11, " slopes ", r6\n"      \
    "smlatt r11, r11, " slopes ", r6\n"      \
    "lsl r11, r11, #2\n"                     \
    "pkhtb r11, r11, r12, asr #14\n"         \
    "sel r11, r10, r11\n"                    \
    "ssat16 " result ", #8, r11\n"

/* r0 input, r1 output, r2 slopes; r9 the first word's even bytes. */
#define FOUR                                 \
    "ldr r9, [r0], #4\n"                     \
    "ldrd r7, r8, [r2], #8\n"                \
    "sxtb16 r10, r9\n"                       \
    PAIR("r7", "lr")                         \
    "sxtb16 r10, r9, ror #8\n"               \
    PAIR("r8", "r11")                        \
    "uxtb16 lr, lr\n"                        \
    "uxtb16 r11, r11\n"                      \
    "orr lr, lr, r11, lsl #8\n"              \
    "str lr, [r1], #4\n"

/* `rounds` times the `period` / 8 eights of slopes; zero_point stands in both halves of `pair`. */
__attribute__((naked)) static void bend(const int8_t *input __attribute__((unused)),
                                        int8_t *output __attribute__((unused)),
                                        const int16_t *slopes __attribute__((unused)),
                                        const int16_t *slopes_end __attribute__((unused)),
                                        int32_t rounds __attribute__((unused)),
                                        uint32_t pair __attribute__((unused)),
                                        int32_t offset __attribute__((unused)))
{
    __asm__(
        "push {r2, r4-r11, lr}\n"
        "add r4, sp, #40\n"
        "ldmia r4, {r4-r6}\n"
        "1:\n"
        FOUR
        FOUR
        "cmp r2, r3\n"
        "bne 1b\n"
        "ldr r2, [sp]\n"
        "subs r4, #1\n"
        "bne 1b\n"
        "pop {r2, r4-r11, pc}\n");
}

/* The last values, fewer than a period: slopes stand as bytes 0 2 1 3 of each word. */
static void bend_rest(const mf_prelu_s8_dsp_args *args, const int8_t *input, int8_t *output, int32_t count)
{
    const int32_t zero_point = args->zero_point;
    for (int32_t i = 0; i < count; i++) {
        const int32_t value = input[i] - zero_point, slope = args->slopes[(i & ~3) + (i & 1) * 2 + (i >> 1 & 1)];
        const int32_t bent = value < 0 ? (value * slope + (1 << 13)) >> 14 : value;
        output[i] = (int8_t)mf_clamp(bent + zero_point, INT8_MIN, INT8_MAX);
    }
}

void mf_prelu_s8_dsp(const mf_prelu_s8_dsp_args *args, const int8_t *input, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t rounds = args->elements / args->period, whole = rounds * args->period;
    if (rounds > 0) {
        const uint32_t zero_point = (uint16_t)args->zero_point;
        bend(input, output, args->slopes, args->slopes + args->period, rounds, zero_point | zero_point << 16,
             (1 << 13) + args->zero_point * (1 << 14));
    }
    bend_rest(args, input + whole, output + whole, args->elements - whole);
}
