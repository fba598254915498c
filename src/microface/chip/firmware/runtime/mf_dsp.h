/* SPDX-License-Identifier: Apache-2.0
 * The instructions of Armv7E-M that the _dsp kernels use by name.
 */
#ifndef MF_DSP_H
#define MF_DSP_H

#include <stdint.h>

/* Four bytes as a word, from any address (one LDR). */
static inline uint32_t mf_dsp_load(const int8_t *bytes)
{
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

/* Up to three bytes as a word with zeros above. */
static inline uint32_t mf_dsp_load_few(const int8_t *bytes, int32_t count)
{
    uint32_t word = 0;
    for (int32_t i = 0; i < count; i++) {
        word |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
    }
    return word;
}

/* Bytes 0 and 2, sign-extended to halves. */
static inline uint32_t mf_dsp_even(uint32_t word)
{
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
    return halves;
}

/* Bytes 1 and 3, sign-extended to halves. */
static inline uint32_t mf_dsp_odd(uint32_t word)
{
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
    return halves;
}

/* sum + the products of both halves. */
static inline int32_t mf_dsp_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Bytes 0 and 2, sign-extended and added to halves. */
static inline uint32_t mf_dsp_add_even(uint32_t halves, uint32_t word)
{
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(halves), "r"(word));
    return sums;
}

/* Bytes 1 and 3, sign-extended and added to halves. */
static inline uint32_t mf_dsp_add_odd(uint32_t halves, uint32_t word)
{
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(halves), "r"(word));
    return sums;
}

/* sum + the product of the lower halves. */
static inline int32_t mf_dsp_smlabb(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* sum + the product of the upper halves. */
static inline int32_t mf_dsp_smlatt(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Cut to a byte. */
static inline int8_t mf_dsp_saturate(int32_t value)
{
    int32_t byte;
    __asm__("ssat %0, #8, %1" : "=r"(byte) : "r"(value) : "cc");
    return (int8_t)byte;
}

/* Cut `count` bytes to lo .. hi, which lie within -128 .. 127; nothing to do for the whole range. */
void mf_dsp_clamp(int8_t *bytes, int32_t count, int32_t lo, int32_t hi);

#endif
