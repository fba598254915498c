/* SPDX-License-Identifier: Apache-2.0
 * Little-endian numbers in bytes, whatever the alignment, and the checksum. Inside the gallery's sources alone.
 */
#ifndef MF_GALLERY_BYTES_H
#define MF_GALLERY_BYTES_H

#include <stdint.h>

static inline uint32_t mf_load_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline void mf_store_u32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value & 255);
    bytes[1] = (uint8_t)(value >> 8 & 255);
    bytes[2] = (uint8_t)(value >> 16 & 255);
    bytes[3] = (uint8_t)(value >> 24);
}

static inline void mf_copy_bytes(uint8_t *to, const uint8_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

/* CRC-32 of IEEE 802.3: start with MF_CRC_START, feed bytes, finish by inverting all bits. */
#define MF_CRC_START UINT32_C(0xffffffff)
uint32_t mf_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count);

#endif
