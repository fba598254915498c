/* SPDX-License-Identifier: Apache-2.0
 * Writes a gallery to the free slot, header last and its magic last of all, then erases the older one.
 */
#include "mf_gallery_bytes.h"
#include "mf_gallery_slots.h"
#include "mf_port.h"

static void make_header(mf_gallery_writer *writer, uint32_t length)
{
    static const uint8_t magic[8] = {'M', 'F', 'P', 'E', 'O', 'P', 'L', 'E'};
    const mf_gallery *gallery = writer->gallery;
    const uint32_t older = gallery->slot < 0 ? 0 : mf_load_u32(gallery->config->slots[gallery->slot] + 12);
    mf_copy_bytes(writer->header, magic, 8);
    mf_store_u32(writer->header + 8, 1);
    mf_store_u32(writer->header + 12, older + 1);
    mf_store_u32(writer->header + 16, length);
    mf_store_u32(writer->header + 20, 0);
    mf_copy_bytes(writer->header + 24, gallery->config->model_id, MF_GALLERY_MODEL_BYTES);
    mf_store_u32(writer->header + 56, 0);
}

int32_t mf_writer_begin(mf_gallery_writer *writer, mf_gallery *gallery, uint64_t length)
{
    if (length > gallery->config->slot_bytes - MF_GALLERY_HEADER_BYTES) {
        return MF_GALLERY_FULL;
    }
    writer->gallery = gallery;
    writer->slot = gallery->slot == 0 ? 1 : 0;
    writer->place = MF_GALLERY_HEADER_BYTES;
    writer->filled = 0;
    writer->failed = false;
    make_header(writer, (uint32_t)length);
    writer->crc = mf_crc32(MF_CRC_START, writer->header, MF_GALLERY_HEADER_BYTES - 4);
    return mf_slot_erase(gallery->config, writer->slot) ? MF_GALLERY_OK : MF_GALLERY_FLASH;
}

static void program(mf_gallery_writer *writer, uint32_t place, const uint8_t *unit)
{
    const uint8_t *slot = writer->gallery->config->slots[writer->slot];
    writer->failed = writer->failed || mf_port_program(slot + place, unit) != 0;
}

static void flush(mf_gallery_writer *writer)
{
    program(writer, writer->place, writer->unit);
    writer->place += writer->gallery->config->unit_bytes;
    writer->filled = 0;
}

void mf_writer_put(mf_gallery_writer *writer, const uint8_t *bytes, uint32_t count)
{
    writer->crc = mf_crc32(writer->crc, bytes, count);
    for (uint32_t i = 0; i < count; i++) {
        writer->unit[writer->filled++] = bytes[i];
        if (writer->filled == writer->gallery->config->unit_bytes) {
            flush(writer);
        }
    }
}

void mf_writer_put_u32(mf_gallery_writer *writer, uint32_t value)
{
    uint8_t bytes[4];
    mf_store_u32(bytes, value);
    mf_writer_put(writer, bytes, 4);
}

static void flush_rest(mf_gallery_writer *writer)
{
    if (writer->filled != 0) {
        while (writer->filled < writer->gallery->config->unit_bytes) {
            writer->unit[writer->filled++] = 0xff;
        }
        flush(writer);
    }
}

/* From the end to the start: without the magic, which comes last, the slot is none. */
static void program_header(mf_gallery_writer *writer)
{
    const uint32_t unit = writer->gallery->config->unit_bytes;
    for (uint32_t place = MF_GALLERY_HEADER_BYTES; place != 0; place -= unit) {
        program(writer, place - unit, writer->header + place - unit);
    }
}

/* Takes back a slot that did not become valid. */
static int32_t give_up(const mf_gallery_writer *writer, int32_t status)
{
    (void)mf_slot_erase(writer->gallery->config, writer->slot);
    return status;
}

int32_t mf_writer_finish(mf_gallery_writer *writer)
{
    mf_gallery *gallery = writer->gallery;
    const mf_gallery_config *config = gallery->config;
    flush_rest(writer);
    mf_store_u32(writer->header + 60, ~writer->crc);
    const int32_t status = mf_gallery_check(config, writer->header, config->slots[writer->slot] + MF_GALLERY_HEADER_BYTES,
                                            config->slot_bytes - MF_GALLERY_HEADER_BYTES);
    if (writer->failed || status != MF_GALLERY_OK) {
        return give_up(writer, MF_GALLERY_FLASH);
    }
    program_header(writer);
    if (writer->failed || !mf_slot_valid(config, writer->slot)) {
        return give_up(writer, MF_GALLERY_FLASH);
    }
    gallery->slot = writer->slot;
    return mf_slot_erase(config, 1 - gallery->slot) ? MF_GALLERY_OK : MF_GALLERY_FLASH;
}
