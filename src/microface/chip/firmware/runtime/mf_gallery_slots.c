/* SPDX-License-Identifier: Apache-2.0
 * Start-up: which of the two slots counts, and erases that were cut.
 */
#include "mf_gallery_slots.h"

#include "mf_gallery_bytes.h"
#include "mf_port.h"

static bool erased(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != 0xff) {
            return false;
        }
    }
    return true;
}

bool mf_slot_erase(const mf_gallery_config *config, int32_t slot)
{
    const uint8_t *sector = config->slots[slot];
    for (uint32_t done = 0; done < config->slot_bytes; done += config->sector_bytes) {
        if (!erased(sector + done, config->sector_bytes)) {
            if (mf_port_erase(sector + done) != 0 || !erased(sector + done, config->sector_bytes)) {
                return false;
            }
        }
    }
    return true;
}

bool mf_slot_valid(const mf_gallery_config *config, int32_t slot)
{
    const uint8_t *start = config->slots[slot];
    return mf_gallery_check(config, start, start + MF_GALLERY_HEADER_BYTES,
                            config->slot_bytes - MF_GALLERY_HEADER_BYTES) == MF_GALLERY_OK;
}

static uint32_t version(const mf_gallery_config *config, int32_t slot)
{
    return mf_load_u32(config->slots[slot] + 12);
}

static int32_t newest(const mf_gallery_config *config)
{
    const bool first = mf_slot_valid(config, 0);
    const bool second = mf_slot_valid(config, 1);
    if (first && second) {
        return version(config, 1) > version(config, 0) ? 1 : 0;
    }
    return first ? 0 : second ? 1 : -1;
}

/* Where no slot is valid nothing is erased: galleries of another model may come back with their firmware. */
int32_t mf_gallery_init(mf_gallery *gallery, const mf_gallery_config *config)
{
    gallery->config = config;
    gallery->slot = newest(config);
    if (gallery->slot >= 0 && !mf_slot_erase(config, 1 - gallery->slot)) {
        return MF_GALLERY_FLASH;
    }
    return MF_GALLERY_OK;
}
