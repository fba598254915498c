/* SPDX-License-Identifier: Apache-2.0
 * A name or unknown: the nearest person, accepted when the distance is at most the gallery's threshold.
 */
#include "mf_gallery.h"

/* floor(sum / count) with count > 0; only cosine distances can be below zero. */
static int32_t floor_mean(int64_t sum, uint32_t count)
{
    const int64_t quotient = sum / (int64_t)count;
    return (int32_t)(quotient - (sum % (int64_t)count < 0));
}

int32_t mf_person_distance_s8(const mf_gallery *gallery, const int8_t *embedding, uint32_t person)
{
    const mf_gallery_config *config = gallery->config;
    const int8_t *templates = mf_gallery_templates(gallery, person);
    const uint32_t photos = mf_gallery_photos(gallery, person);
    int64_t sum = 0;
    for (uint32_t i = 0; i < photos; i++) {
        sum += mf_distance_s8(config->score, embedding, templates, config->dimensions, config->zero_point);
        templates += config->dimensions;
    }
    return floor_mean(sum, photos);
}

void mf_match_s8(const mf_gallery *gallery, const int8_t *embedding, mf_match_result *result)
{
    const uint32_t people = mf_gallery_people(gallery);
    result->nearest = -1;
    result->distance = INT32_MAX;
    for (uint32_t person = 0; person < people; person++) {
        const int32_t distance = mf_person_distance_s8(gallery, embedding, person);
        if (result->nearest < 0 || distance < result->distance) {
            result->nearest = (int32_t)person;
            result->distance = distance;
        }
    }
    result->person = people > 0 && result->distance <= mf_gallery_threshold(gallery) ? result->nearest : -1;
}
