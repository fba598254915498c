/* SPDX-License-Identifier: Apache-2.0
 * Whether bytes are a gallery of this model, whole and with counts that agree.
 */
#include <stdbool.h>

#include "mf_gallery.h"
#include "mf_gallery_bytes.h"

static bool same(const uint8_t *a, const uint8_t *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static bool known_format(const uint8_t *header)
{
    static const uint8_t magic[8] = {'M', 'F', 'P', 'E', 'O', 'P', 'L', 'E'};
    return same(header, magic, 8) && mf_load_u32(header + 8) == 1;
}

static bool checksum_agrees(const uint8_t *header, const uint8_t *body, uint32_t length)
{
    uint32_t crc = mf_crc32(MF_CRC_START, header, MF_GALLERY_HEADER_BYTES - 4);
    crc = mf_crc32(crc, body, length);
    return ~crc == mf_load_u32(header + MF_GALLERY_HEADER_BYTES - 4);
}

/* A name has 1..59 bytes and zeros after it. */
static bool good_name(const uint8_t *name)
{
    bool ended = name[0] == 0;
    for (uint32_t i = 1; i < MF_GALLERY_NAME_BYTES; i++) {
        if (ended && name[i] != 0) {
            return false;
        }
        ended = name[i] == 0;
    }
    return name[0] != 0 && ended;
}

/* The number of photos in all records, or UINT32_MAX where a record is not right. Each count is at most `most`. */
static uint32_t count_photos(const uint8_t *records, uint32_t people, uint32_t most)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < people; i++) {
        const uint8_t *record = records + i * MF_GALLERY_RECORD_BYTES;
        const uint32_t photos = mf_load_u32(record + MF_GALLERY_NAME_BYTES);
        if (!good_name(record) || photos == 0 || photos > most - sum) {
            return UINT32_MAX;
        }
        sum += photos;
    }
    return sum;
}

static bool counts_agree(const mf_gallery_config *config, const uint8_t *body, uint32_t length)
{
    if (length < MF_GALLERY_HEAD_BYTES) {
        return false;
    }
    const uint32_t people = mf_load_u32(body + 4);
    const uint32_t templates = mf_load_u32(body + 8);
    const uint32_t dimensions = mf_load_u32(body + 12);
    const uint64_t needed = MF_GALLERY_HEAD_BYTES + (uint64_t)people * MF_GALLERY_RECORD_BYTES
                            + (uint64_t)templates * dimensions;
    return dimensions == config->dimensions && needed == length
           && count_photos(body + MF_GALLERY_HEAD_BYTES, people, templates) == templates;
}

int32_t mf_gallery_check(const mf_gallery_config *config, const uint8_t *header, const uint8_t *body,
                         uint32_t available)
{
    if (!known_format(header)) {
        return MF_GALLERY_FOREIGN;
    }
    const uint32_t length = mf_load_u32(header + 16);
    if (length > available || !checksum_agrees(header, body, length)) {
        return MF_GALLERY_DAMAGED;
    }
    if (!same(header + 24, config->model_id, MF_GALLERY_MODEL_BYTES)) {
        return MF_GALLERY_OTHER_MODEL;
    }
    return counts_agree(config, body, length) ? MF_GALLERY_OK : MF_GALLERY_DAMAGED;
}
