/* SPDX-License-Identifier: Apache-2.0
 * The gallery: enrolled people, their templates and the threshold, in two slots of flash.
 *
 * One slot holds the gallery in use, the other is erased. A change is written to the erased slot, its header last,
 * checked, and only then the older slot is erased: wherever power fails, start-up finds one whole gallery, and a
 * person who was removed is gone once the erase is done, which start-up finishes. Written only through mf_port.h.
 *
 * The bytes of a slot, and of the image that a host sends; all numbers are little endian.
 *
 *  header, 64 bytes
 *    0  8   magic, the letters MFPEOPLE
 *    8  u32 format, 1
 *   12  u32 version: the valid slot of the highest version counts; in an image any number
 *   16  u32 length of the body in bytes
 *   20  u32 0
 *   24  32  model id: the SHA-256 over network, crop and score of the model that made the templates
 *   56  u32 0
 *   60  u32 CRC-32 (IEEE 802.3, as zlib's) of header bytes 0..59 and the body
 *  body
 *    0  i32 threshold: accepted when distance <= threshold
 *    4  u32 P, number of people
 *    8  u32 T, number of templates
 *   12  u32 D, bytes of a template
 *   16  P records of 64 bytes: name (UTF-8, 1..59 bytes, zeros up to 60), u32 number of photos (at least 1)
 *    .  T templates of D s8 values, person by person in the order of the records
 *  The rest of a slot stays erased (0xff).
 */
#ifndef MF_GALLERY_H
#define MF_GALLERY_H

#include <stdint.h>

#include "mf_scores.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MF_GALLERY_HEADER_BYTES = 64,
    MF_GALLERY_HEAD_BYTES = 16,  /* the body's numbers before its records */
    MF_GALLERY_RECORD_BYTES = 64,
    MF_GALLERY_NAME_BYTES = 60,  /* with the closing 0 */
    MF_GALLERY_MODEL_BYTES = 32,
    MF_GALLERY_UNIT_MAX = 32     /* largest programmable unit that the writer buffers */
};

typedef enum {
    MF_GALLERY_OK = 0,
    MF_GALLERY_FOREIGN = 1,     /* no gallery, or of a format this firmware does not know */
    MF_GALLERY_OTHER_MODEL = 2, /* a gallery of another model: its templates mean nothing here */
    MF_GALLERY_DAMAGED = 3,     /* cut off, or the checksum or the counts do not agree */
    MF_GALLERY_FULL = 4,        /* larger than a slot */
    MF_GALLERY_FLASH = 5,       /* the flash reported an error, or does not hold what was programmed */
    MF_GALLERY_NOBODY = 6,      /* there is no person of that index */
    MF_GALLERY_NAME = 7         /* name empty, too long, or already in the gallery; or no photo given */
} mf_gallery_status;

/* What the firmware knows beforehand. The slots must not be defined as const objects: programming changes them. */
typedef struct {
    const uint8_t *slots[2];    /* each begins on a sector and is slot_bytes long, whole sectors */
    uint32_t slot_bytes, sector_bytes, unit_bytes; /* units: a power of two, 1..32 bytes */
    uint8_t model_id[MF_GALLERY_MODEL_BYTES];
    uint32_t dimensions;        /* D */
    mf_score score;
    int32_t zero_point;         /* of the embedding */
} mf_gallery_config;

/* The gallery in use: slot 0, 1, or -1 where no slot is valid and nobody is known. */
typedef struct {
    const mf_gallery_config *config;
    int32_t slot;
} mf_gallery;

/* Start-up: takes the valid slot of the highest version. Where there is one and the other slot is not erased, erases
 * that, which finishes an erase that was cut. Returns MF_GALLERY_OK, or MF_GALLERY_FLASH when erasing fails. */
int32_t mf_gallery_init(mf_gallery *gallery, const mf_gallery_config *config);

/* What is in use; 0 people where nobody is known, and then the threshold is INT32_MIN. */
int32_t mf_gallery_threshold(const mf_gallery *gallery);
uint32_t mf_gallery_people(const mf_gallery *gallery);

/* Of one person, below mf_gallery_people: name, number of photos, that many templates one after another. */
const char *mf_gallery_name(const mf_gallery *gallery, uint32_t person);
uint32_t mf_gallery_photos(const mf_gallery *gallery, uint32_t person);
const int8_t *mf_gallery_templates(const mf_gallery *gallery, uint32_t person);

/* Every change below returns an mf_gallery_status; unless that is MF_GALLERY_OK the gallery in use stays. (But where
 * the last step fails, the erase of the older slot, the change holds, MF_GALLERY_FLASH tells of it, and start-up tries
 * again.) */

/* Puts the image of a host, `length` bytes with its header, in the place of everything. */
int32_t mf_gallery_write(mf_gallery *gallery, const uint8_t *image, uint32_t length);

/* Adds a person with `photos` templates at the end. In an empty gallery nobody is accepted until the threshold is set. */
int32_t mf_gallery_add(mf_gallery *gallery, const char *name, const int8_t *templates, uint32_t photos);
int32_t mf_gallery_remove(mf_gallery *gallery, uint32_t person);
int32_t mf_gallery_rename(mf_gallery *gallery, uint32_t person, const char *name);
int32_t mf_gallery_set_threshold(mf_gallery *gallery, int32_t threshold);

/* Of a gallery, whether in a slot or an image: header and body apart, the body's bytes there are `available`. */
int32_t mf_gallery_check(const mf_gallery_config *config, const uint8_t *header, const uint8_t *body,
                         uint32_t available);

/* One decision: the nearest person (the lower index of equals) and its distance, the floor of the mean over the
 * person's photos; `person` is the same, or -1 for unknown. In an empty gallery nearest is -1, distance INT32_MAX. */
typedef struct {
    int32_t person;
    int32_t nearest;
    int32_t distance;
} mf_match_result;

void mf_match_s8(const mf_gallery *gallery, const int8_t *embedding, mf_match_result *result);

/* The distance of an embedding to one person. */
int32_t mf_person_distance_s8(const mf_gallery *gallery, const int8_t *embedding, uint32_t person);

#ifdef __cplusplus
}
#endif

#endif
