/* SPDX-License-Identifier: Apache-2.0
 * Reads the gallery in use where it lies, in flash.
 */
#include "mf_gallery.h"

#include "mf_gallery_bytes.h"

static const uint8_t *body(const mf_gallery *gallery)
{
    return gallery->config->slots[gallery->slot] + MF_GALLERY_HEADER_BYTES;
}

static const uint8_t *record(const mf_gallery *gallery, uint32_t person)
{
    return body(gallery) + MF_GALLERY_HEAD_BYTES + person * MF_GALLERY_RECORD_BYTES;
}

/* The bits of a two's complement number as that number. */
static int32_t as_signed(uint32_t bits)
{
    return bits > INT32_MAX ? -1 - (int32_t)~bits : (int32_t)bits;
}

int32_t mf_gallery_threshold(const mf_gallery *gallery)
{
    return gallery->slot < 0 ? INT32_MIN : as_signed(mf_load_u32(body(gallery)));
}

uint32_t mf_gallery_people(const mf_gallery *gallery)
{
    return gallery->slot < 0 ? 0 : mf_load_u32(body(gallery) + 4);
}

const char *mf_gallery_name(const mf_gallery *gallery, uint32_t person)
{
    return (const char *)record(gallery, person);
}

uint32_t mf_gallery_photos(const mf_gallery *gallery, uint32_t person)
{
    return mf_load_u32(record(gallery, person) + MF_GALLERY_NAME_BYTES);
}

const int8_t *mf_gallery_templates(const mf_gallery *gallery, uint32_t person)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < person; i++) {
        before += mf_gallery_photos(gallery, i);
    }
    const uint8_t *first = record(gallery, mf_gallery_people(gallery));
    return (const int8_t *)(first + before * gallery->config->dimensions);
}
