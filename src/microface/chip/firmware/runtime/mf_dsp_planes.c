/* SPDX-License-Identifier: Apache-2.0
 * The inner loops of 3x3 depthwise convolutions on Armv7E-M, see mf_dsp_planes.h.
 *
 * All fourteen registers are used: r0 mf_dsp_plane, r1 cells, r2-r5 sums, then cells and taps, lr the plane's pitch.
 * The three rows of taps and the walk follow one another, so that r0 only moves on.
 */
#include "mf_dsp_planes.h"

/* Cells x-1 .. x+4 in r6-r8; taps in r9-r12. */
#define ROW_STRIDE1                     \
    "ldmia r1, {r6, r7, r8}\n"          \
    "ldmia r0!, {r9-r12}\n"             \
    "smlad r2, r6, r9, r2\n"            \
    "smlad r3, r6, r11, r3\n"           \
    "smlad r4, r7, r9, r4\n"            \
    "smlad r5, r7, r11, r5\n"           \
    "smlad r2, r7, r10, r2\n"           \
    "smlad r3, r7, r12, r3\n"           \
    "smlad r4, r8, r10, r4\n"           \
    "smlad r5, r8, r12, r5\n"

/* Cells 2x-1 .. 2x+8 in r6-r10; taps in r11, r12. */
#define ROW_STRIDE2                     \
    "ldmia r1, {r6-r10}\n"              \
    "ldmia r0!, {r11, r12}\n"           \
    "smlad r2, r6, r11, r2\n"           \
    "smlad r3, r7, r11, r3\n"           \
    "smlad r4, r8, r11, r4\n"           \
    "smlad r5, r9, r11, r5\n"           \
    "smlad r2, r7, r12, r2\n"           \
    "smlad r3, r8, r12, r3\n"           \
    "smlad r4, r9, r12, r4\n"           \
    "smlad r5, r10, r12, r5\n"

#define STORE_BYTES                     \
    "strb r2, [r8]\n"                   \
    "strb r3, [r8, r9]\n"               \
    "strb r4, [r8, r9, lsl #1]\n"       \
    "strb r5, [r8, r10]\n"              \
    "add r8, r8, r9, lsl #2\n"

/* From sums to values before saturation; then r8 output, r9 pitch, r10 last_pitch, r11 step, r12 row_end. r0 moves on
 * by PASSED; OUTPUT, ROW_END and ROWS_LEFT are places in mf_dsp_walk. */
#if defined(MF_TFLITE) || defined(MF_PRELU)
#define ROUND_4                         \
    "ldmia r0!, {r6-r8}\n"              \
    ROUND("r2") ROUND("r3") ROUND("r4") ROUND("r5") \
    "ldmia r0, {r8-r12}\n"
#define PASSED "12"
#define OUTPUT "12"
#define ROW_END "28"
#define ROWS_LEFT "32"
#endif
#ifdef MF_TFLITE
#define ROUND(sum)                      \
    "smmlar r9, " sum ", r6, " sum "\n" \
    "add " sum ", r9, " sum ", asr #31\n" \
    "add " sum ", r7\n"                 \
    "asr " sum ", r8\n"
#elif defined(MF_PRELU)
#define ROUND(sum)                      \
    "and r9, r7, " sum ", asr #31\n"    \
    "add r9, r6\n"                      \
    "smmlar " sum ", " sum ", r9, r8\n"
#else
#define ROUND_4                         \
    "ldmia r0, {r6-r12}\n"              \
    "smmlar r2, r2, r6, r7\n"           \
    "smmlar r3, r3, r6, r7\n"           \
    "smmlar r4, r4, r6, r7\n"           \
    "smmlar r5, r5, r6, r7\n"
#define PASSED "0"
#define OUTPUT "8"
#define ROW_END "24"
#define ROWS_LEFT "28"
#endif

/* `walk` is where mf_dsp_walk begins in the struct. */
#define ROWS(row, store, walk)          \
    "push {r4-r11, lr}\n"               \
    "mov lr, r2\n"                      \
    "1:\n"                              \
    "ldmia r0!, {r2-r5}\n"              \
    row                                 \
    "add r1, lr\n"                      \
    row                                 \
    "add r1, lr\n"                      \
    row                                 \
    ROUND_4                             \
    "ssat r2, #8, r2\n"                 \
    "ssat r3, #8, r3\n"                 \
    "ssat r4, #8, r4\n"                 \
    "ssat r5, #8, r5\n"                 \
    store                               \
    "str r8, [r0, #" OUTPUT " - " PASSED "]\n" \
    "add r1, r11\n"                     \
    "sub r0, #" walk " + " PASSED "\n"  \
    "cmp r1, r12\n"                     \
    "bne 1b\n"                          \
    "add r6, r0, #" walk " + " ROWS_LEFT "\n"      \
    "ldmia r6, {r7, r9, r10, r11}\n"    \
    "subs r7, #1\n"                     \
    "beq 2f\n"                          \
    "str r7, [r6]\n"                    \
    "add r1, r9\n"                      \
    "add r8, r10\n"                     \
    "add r12, r11\n"                    \
    "str r8, [r0, #" walk " + " OUTPUT "]\n" \
    "str r12, [r0, #" walk " + " ROW_END "]\n" \
    "b 1b\n"                            \
    "2:\n"                              \
    "pop {r4-r11, pc}\n"

__attribute__((naked)) void mf_dsp_rows1(mf_dsp_plane1 *plane __attribute__((unused)),
                                         const uint32_t *cells __attribute__((unused)),
                                         int32_t plane_pitch __attribute__((unused)))
{
    __asm__(ROWS(ROW_STRIDE1, STORE_BYTES, "64"));
}

__attribute__((naked)) void mf_dsp_rows2(mf_dsp_plane2 *plane __attribute__((unused)),
                                         const uint32_t *cells __attribute__((unused)),
                                         int32_t plane_pitch __attribute__((unused)))
{
    __asm__(ROWS(ROW_STRIDE2, STORE_BYTES, "40"));
}

#ifndef MF_PRELU /* the same there */
/* r0 cells, r1 bytes, r2 to go in the row, r3 step, r8 three steps, r9 rows to go, r10 skip, r11 width. */
__attribute__((naked)) void mf_dsp_widen_plane(int16_t *cells __attribute__((unused)),
                                               const int8_t *bytes __attribute__((unused)),
                                               int32_t width __attribute__((unused)),
                                               int32_t step __attribute__((unused)),
                                               int32_t rows __attribute__((unused)),
                                               int32_t skip __attribute__((unused)))
{
    __asm__(
        "push {r4-r11}\n"
        "ldrd r9, r10, [sp, #32]\n"
        "add r8, r3, r3, lsl #1\n"
        "mov r11, r2\n"
        "1:\n"
        "subs r2, r11, #4\n"
        "blt 3f\n"
        "2:\n"
        "ldrsb r4, [r1]\n"
        "ldrsb r5, [r1, r3]\n"
        "ldrsb r6, [r1, r3, lsl #1]\n"
        "ldrsb r7, [r1, r8]\n"
        "add r1, r1, r3, lsl #2\n"
        "strh r5, [r0, #2]\n"
        "strh r6, [r0, #4]\n"
        "strh r7, [r0, #6]\n"
        "strh r4, [r0], #8\n"
        "subs r2, #4\n"
        "bge 2b\n"
        "3:\n"
        "adds r2, #4\n"
        "beq 5f\n"
        "4:\n"
        "ldrsb r4, [r1]\n"
        "add r1, r3\n"
        "strh r4, [r0], #2\n"
        "subs r2, #1\n"
        "bne 4b\n"
        "5:\n"
        "add r0, r10\n"
        "subs r9, #1\n"
        "bne 1b\n"
        "pop {r4-r11}\n"
        "bx lr\n");
}
#endif
