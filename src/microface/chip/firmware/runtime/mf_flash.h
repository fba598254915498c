/* SPDX-License-Identifier: Apache-2.0
 * The port of a chip whose flash the core does not address: a DMA copies from it. A chip's owner supplies the first
 * three functions; on top of them the generated code fetches the network's tables, and keeps a copy of the people.
 */
#ifndef MF_FLASH_H
#define MF_FLASH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Copies `bytes` bytes from `place` in flash to RAM; returns when all of them are there. */
void mf_flash_read(uint32_t place, void *to, uint32_t bytes);

/* Erases the sector that begins at `sector`. Returns 0, or another value when the flash reports an error. */
int32_t mf_flash_erase(uint32_t sector);

/* Programs one unit at `place`, once after an erase. Returns 0, or another value on an error. */
int32_t mf_flash_program(uint32_t place, const uint8_t *unit);

/* Copies the people from flash to RAM, where they are read; mf_init does so. */
void mf_people_copy(void);

#ifdef __cplusplus
}
#endif

#endif
