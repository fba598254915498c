/* SPDX-License-Identifier: Apache-2.0
 * The inner loops of matrix products on Armv7E-M, see mf_dsp_panels.h for the panels.
 *
 * All fourteen registers are used: r0 channel panel, r1 pixels, r2-r5 sums (u of A, v of A, u of B, v of B), r6-r9
 * weights, r10-r12 and lr pixels. LDM loads four words in one instruction, so a group of sixteen products takes ten.
 */
#include "mf_dsp_panels.h"

#define GROUP_2X2                       \
    "ldmia r0!, {r6-r9}\n"              \
    "ldmia r1!, {r10, r11, r12, lr}\n"  \
    "smlad r2, r6, r10, r2\n"           \
    "smlad r3, r7, r10, r3\n"           \
    "smlad r4, r6, r12, r4\n"           \
    "smlad r5, r7, r12, r5\n"           \
    "smlad r2, r8, r11, r2\n"           \
    "smlad r3, r9, r11, r3\n"           \
    "smlad r4, r8, lr, r4\n"            \
    "smlad r5, r9, lr, r5\n"

#define GROUP_2X1                       \
    "ldmia r0!, {r6-r9}\n"              \
    "ldmia r1!, {r10, r11}\n"           \
    "smlad r2, r6, r10, r2\n"           \
    "smlad r3, r7, r10, r3\n"           \
    "smlad r2, r8, r11, r2\n"           \
    "smlad r3, r9, r11, r3\n"

#define EIGHT(group) group group group group group group group group

/* The head's skip jumps over the groups that the first chunk lacks: add pc reads its own address plus 4. */
#define SUM(group)                      \
    "ldmia r0!, {r2-r6}\n"              \
    "add pc, r6\n"                      \
    "nop\n"                             \
    "2:\n"                              \
    EIGHT(group)                        \
    "ldr r6, [r0], #4\n"                \
    "cmp r6, #0\n"                      \
    "bne.w 2b\n"

/* From sums to values before saturation; then r9 output, r10 pitch, r11 pixels_end, r12 panel, lr pitch_and_one. */
#ifdef MF_TFLITE
#define ROUND(sum, multiplier, offset, right)           \
    "smmlar r12, " sum ", " multiplier ", " sum "\n"    \
    "add " sum ", r12, " sum ", asr #31\n"              \
    "add " sum ", " sum ", " offset "\n"                \
    "asr " sum ", " sum ", " right "\n"
#define ROUND_U(sum) ROUND(sum, "r6", "r8", "r10")
#define ROUND_V(sum) ROUND(sum, "r7", "r9", "r11")
#define FACTORS "r6-r11"
#elif defined(MF_PRELU)
#define ROUND(sum, multiplier, more)                    \
    "and r11, " more ", " sum ", asr #31\n"             \
    "add r11, " multiplier "\n"                         \
    "smmlar " sum ", " sum ", r11, r10\n"
#define ROUND_U(sum) ROUND(sum, "r6", "r8")
#define ROUND_V(sum) ROUND(sum, "r7", "r9")
#define FACTORS "r6-r10"
#endif

#ifdef FACTORS
#define ROUND_2X2(last)                                 \
    "ldmia r0!, {" FACTORS "}\n"                        \
    ROUND_U("r2") ROUND_V("r3") ROUND_U("r4") ROUND_V("r5") \
    "ldmia r0, {r9-" last "}\n"
#define ROUND_2X1(last)                                 \
    "ldmia r0!, {" FACTORS "}\n"                        \
    ROUND_U("r2") ROUND_V("r3")                         \
    "ldmia r0, {r9, r10}\n"
#define OUTPUT "[r0]"
#else
#define ROUND_2X2(last)                 \
    "ldmia r0, {r6-" last "}\n"         \
    "smmlar r2, r2, r6, r8\n"           \
    "smmlar r3, r3, r7, r8\n"           \
    "smmlar r4, r4, r6, r8\n"           \
    "smmlar r5, r5, r7, r8\n"
#define ROUND_2X1(last)                 \
    "ldmia r0, {r6-" last "}\n"         \
    "smmlar r2, r2, r6, r8\n"           \
    "smmlar r3, r3, r7, r8\n"
#define OUTPUT "[r0, #12]"
#endif

__attribute__((naked)) void mf_dsp_panels_2x2(uint32_t *panel __attribute__((unused)),
                                              const uint32_t *pixels __attribute__((unused)))
{
    __asm__(
        "push {r4-r11, lr}\n"
        "1:\n"
        SUM(GROUP_2X2)
        ROUND_2X2("r12, lr")
        "ssat r2, #8, r2\n"
        "ssat r3, #8, r3\n"
        "ssat r4, #8, r4\n"
        "ssat r5, #8, r5\n"
        "strb r2, [r9]\n"
        "strb r3, [r9, #1]\n"
        "strb r4, [r9, r10]\n"
        "strb r5, [r9, lr]\n"
        "add r9, r9, r10, lsl #1\n"
        "str r9, " OUTPUT "\n"
        "mov r0, r12\n"
        "cmp r1, r11\n"
        "bne.w 1b\n"
        "pop {r4-r11, pc}\n");
}

__attribute__((naked)) void mf_dsp_panels_2x1(uint32_t *panel __attribute__((unused)),
                                              const uint32_t *pixel __attribute__((unused)))
{
    __asm__(
        "push {r4-r11, lr}\n"
        SUM(GROUP_2X1)
        ROUND_2X1("r9")
        "ssat r2, #8, r2\n"
        "ssat r3, #8, r3\n"
        "strb r2, [r9]\n"
        "strb r3, [r9, #1]\n"
        "pop {r4-r11, pc}\n");
}

__attribute__((naked)) void mf_dsp_panels_2x2_planes(uint32_t *panel __attribute__((unused)),
                                                     const uint32_t *pixels __attribute__((unused)))
{
    __asm__(
        "push {r4-r11, lr}\n"
        "1:\n"
        SUM(GROUP_2X2)
        ROUND_2X2("r12")
        "pkhbt r2, r2, r4, lsl #16\n"
        "pkhbt r3, r3, r5, lsl #16\n"
        "ssat16 r2, #8, r2\n"
        "ssat16 r3, #8, r3\n"
        "str r3, [r9, r10]\n" /* a word from any address of a half: STR may */
        "str r2, [r9], #4\n"
        "str r9, " OUTPUT "\n"
        "mov r0, r12\n"
        "cmp r1, r11\n"
        "bne.w 1b\n"
        "pop {r4-r11, pc}\n");
}

__attribute__((naked)) void mf_dsp_panels_2x1_planes(uint32_t *panel __attribute__((unused)),
                                                     const uint32_t *pixel __attribute__((unused)))
{
    __asm__(
        "push {r4-r11, lr}\n"
        SUM(GROUP_2X1)
        ROUND_2X1("r10")
        "ssat r2, #8, r2\n"
        "ssat r3, #8, r3\n"
        "strh r2, [r9]\n"
        "strh r3, [r9, r10]\n"
        "pop {r4-r11, pc}\n");
}
