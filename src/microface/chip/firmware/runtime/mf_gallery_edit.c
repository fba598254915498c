/* SPDX-License-Identifier: Apache-2.0
 * Changes of the gallery: an image of a host, or the gallery in use copied with one difference.
 */
#include "mf_gallery_bytes.h"
#include "mf_gallery_slots.h"

#define NONE UINT32_MAX

/* The difference: a person left out, a person with another name, a person more; NONE and 0 for none of it. */
typedef struct {
    int32_t threshold;
    uint32_t removed, renamed;
    const char *name;
    const int8_t *templates;
    uint32_t photos;
} edit;

static edit unchanged(const mf_gallery *gallery)
{
    const edit none = {mf_gallery_threshold(gallery), NONE, NONE, (const char *)0, (const int8_t *)0, 0};
    return none;
}

/* Bytes of a name, or MF_GALLERY_NAME_BYTES when it is too long. */
static uint32_t name_length(const char *name)
{
    uint32_t length = 0;
    while (length < MF_GALLERY_NAME_BYTES && name[length] != 0) {
        length++;
    }
    return length;
}

static bool same_name(const char *a, const char *b)
{
    uint32_t i = 0;
    while (a[i] == b[i] && a[i] != 0) {
        i++;
    }
    return a[i] == b[i];
}

static bool new_name(const mf_gallery *gallery, const char *name)
{
    const uint32_t length = name_length(name);
    for (uint32_t i = 0; i < mf_gallery_people(gallery); i++) {
        if (same_name(name, mf_gallery_name(gallery, i))) {
            return false;
        }
    }
    return length > 0 && length < MF_GALLERY_NAME_BYTES;
}

static void put_record(mf_gallery_writer *writer, const char *name, uint32_t photos)
{
    uint8_t bytes[MF_GALLERY_NAME_BYTES] = {0};
    for (uint32_t i = 0; name[i] != 0; i++) {
        bytes[i] = (uint8_t)name[i];
    }
    mf_writer_put(writer, bytes, MF_GALLERY_NAME_BYTES);
    mf_writer_put_u32(writer, photos);
}

static void put_records(mf_gallery_writer *writer, const mf_gallery *gallery, const edit *change)
{
    for (uint32_t i = 0; i < mf_gallery_people(gallery); i++) {
        if (i != change->removed) {
            const char *name = i == change->renamed ? change->name : mf_gallery_name(gallery, i);
            put_record(writer, name, mf_gallery_photos(gallery, i));
        }
    }
    if (change->photos != 0) {
        put_record(writer, change->name, change->photos);
    }
}

static void put_templates(mf_gallery_writer *writer, const mf_gallery *gallery, const edit *change)
{
    const uint32_t dimensions = gallery->config->dimensions;
    for (uint32_t i = 0; i < mf_gallery_people(gallery); i++) {
        if (i != change->removed) {
            const uint8_t *templates = (const uint8_t *)mf_gallery_templates(gallery, i);
            mf_writer_put(writer, templates, mf_gallery_photos(gallery, i) * dimensions);
        }
    }
    mf_writer_put(writer, (const uint8_t *)change->templates, change->photos * dimensions);
}

static uint64_t count_templates(const mf_gallery *gallery, const edit *change)
{
    uint64_t sum = change->photos;
    for (uint32_t i = 0; i < mf_gallery_people(gallery); i++) {
        sum += i != change->removed ? mf_gallery_photos(gallery, i) : 0;
    }
    return sum;
}

static int32_t write_changed(mf_gallery *gallery, const edit *change)
{
    const uint32_t kept = mf_gallery_people(gallery) - (change->removed != NONE);
    const uint64_t people = (uint64_t)kept + (change->photos != 0);
    const uint64_t templates = count_templates(gallery, change);
    const uint64_t length = MF_GALLERY_HEAD_BYTES + people * MF_GALLERY_RECORD_BYTES
                            + templates * gallery->config->dimensions;
    mf_gallery_writer writer;
    const int32_t status = mf_writer_begin(&writer, gallery, length);
    if (status != MF_GALLERY_OK) {
        return status;
    }
    mf_writer_put_u32(&writer, (uint32_t)change->threshold);
    mf_writer_put_u32(&writer, (uint32_t)people);
    mf_writer_put_u32(&writer, (uint32_t)templates);
    mf_writer_put_u32(&writer, gallery->config->dimensions);
    put_records(&writer, gallery, change);
    put_templates(&writer, gallery, change);
    return mf_writer_finish(&writer);
}

int32_t mf_gallery_write(mf_gallery *gallery, const uint8_t *image, uint32_t length)
{
    if (length < MF_GALLERY_HEADER_BYTES) {
        return MF_GALLERY_FOREIGN;
    }
    const uint8_t *body = image + MF_GALLERY_HEADER_BYTES;
    int32_t status = mf_gallery_check(gallery->config, image, body, length - MF_GALLERY_HEADER_BYTES);
    mf_gallery_writer writer;
    if (status == MF_GALLERY_OK) {
        status = mf_writer_begin(&writer, gallery, mf_load_u32(image + 16));
    }
    if (status != MF_GALLERY_OK) {
        return status;
    }
    mf_writer_put(&writer, body, mf_load_u32(image + 16));
    return mf_writer_finish(&writer);
}

int32_t mf_gallery_add(mf_gallery *gallery, const char *name, const int8_t *templates, uint32_t photos)
{
    if (photos == 0 || !new_name(gallery, name)) {
        return MF_GALLERY_NAME;
    }
    edit change = unchanged(gallery);
    change.name = name;
    change.templates = templates;
    change.photos = photos;
    return write_changed(gallery, &change);
}

int32_t mf_gallery_remove(mf_gallery *gallery, uint32_t person)
{
    if (person >= mf_gallery_people(gallery)) {
        return MF_GALLERY_NOBODY;
    }
    edit change = unchanged(gallery);
    change.removed = person;
    return write_changed(gallery, &change);
}

int32_t mf_gallery_rename(mf_gallery *gallery, uint32_t person, const char *name)
{
    if (person >= mf_gallery_people(gallery)) {
        return MF_GALLERY_NOBODY;
    }
    if (!new_name(gallery, name)) {
        return MF_GALLERY_NAME;
    }
    edit change = unchanged(gallery);
    change.renamed = person;
    change.name = name;
    return write_changed(gallery, &change);
}

int32_t mf_gallery_set_threshold(mf_gallery *gallery, int32_t threshold)
{
    edit change = unchanged(gallery);
    change.threshold = threshold;
    return write_changed(gallery, &change);
}
