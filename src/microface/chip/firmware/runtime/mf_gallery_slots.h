/* SPDX-License-Identifier: Apache-2.0
 * The two slots and the writer that fills the free one. Inside the gallery's sources alone.
 */
#ifndef MF_GALLERY_SLOTS_H
#define MF_GALLERY_SLOTS_H

#include <stdbool.h>

#include "mf_gallery.h"

/* Erases those sectors of a slot that are not erased yet; true when all went well. */
bool mf_slot_erase(const mf_gallery_config *config, int32_t slot);

/* Whether a slot holds a gallery of this model, whole. */
bool mf_slot_valid(const mf_gallery_config *config, int32_t slot);

/* Collects bytes into units and programs them one after another behind the place of the header. */
typedef struct {
    mf_gallery *gallery;
    int32_t slot;
    uint32_t place, filled;
    bool failed;
    uint8_t unit[MF_GALLERY_UNIT_MAX];
    uint8_t header[MF_GALLERY_HEADER_BYTES];
    uint32_t crc;
} mf_gallery_writer;

/* A gallery whose body will have `length` bytes: FULL where a slot is too small, FLASH where erasing fails. */
int32_t mf_writer_begin(mf_gallery_writer *writer, mf_gallery *gallery, uint64_t length);

void mf_writer_put(mf_gallery_writer *writer, const uint8_t *bytes, uint32_t count);
void mf_writer_put_u32(mf_gallery_writer *writer, uint32_t value);

/* Checks what lies in flash, programs the header, switches over and erases the older slot. */
int32_t mf_writer_finish(mf_gallery_writer *writer);

#endif
