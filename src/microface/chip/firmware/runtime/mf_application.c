/* SPDX-License-Identifier: Apache-2.0
 * From a frame to its verdict, from verdicts to a report.
 */
#include "mf_application.h"

#include "mf_application_report.h"

/* The crops of one frame. */
typedef struct {
    int32_t votes[MF_CROPS_MAX];
    mf_match_result matches[MF_CROPS_MAX];
    int32_t seen;
} crop_votes;

static bool majority(int32_t count, int32_t needed, int32_t most)
{
    return count >= 1 && count <= most && needed <= count && 2 * needed > count;
}

int32_t mf_application_init(mf_application *application, const mf_application_config *config)
{
    if (!majority(config->crops, config->crops_agree, MF_CROPS_MAX)
        || !majority(config->frames, config->frames_agree, MF_FRAMES_MAX)) {
        return MF_APPLICATION_COUNTS;
    }
    const mf_application_state start = {.verdict = MF_UNSURE, .distance = INT32_MAX, .nearest = -1};
    application->config = config;
    application->state = start;
    application->state.threshold = mf_gallery_threshold(config->gallery);
    mf_application_forget(application);
    return MF_APPLICATION_OK;
}

static void forget_votes(mf_application *application)
{
    for (int32_t i = 0; i < MF_FRAMES_MAX; i++) {
        application->verdicts[i] = MF_UNSURE;
    }
    application->place = 0;
    application->state.agreed = MF_UNSURE;
    application->state.votes = 0;
}

void mf_application_forget(mf_application *application)
{
    forget_votes(application);
    application->state.reported = MF_UNSURE;
}

void mf_application_set_threshold(mf_application *application, int32_t threshold)
{
    application->state.threshold = threshold;
    forget_votes(application);
}

static mf_rectangle place_of(const mf_application_config *config, int32_t number)
{
    mf_rectangle place = config->rectangle;
    place.left += config->offsets[number].right;
    place.top += config->offsets[number].down;
    return place;
}

static bool crops_fit(const mf_application_config *config, const mf_frame *frame)
{
    for (int32_t i = 0; i < config->crops; i++) {
        const mf_rectangle place = place_of(config, i);
        if (!mf_crop_fits(frame, &place)) {
            return false;
        }
    }
    return true;
}

static void recognise(const mf_application *application, crop_votes *crops)
{
    const mf_application_config *config = application->config;
    mf_match_result *match = &crops->matches[crops->seen];
    config->recognise(config->crop, match);
    const bool accepted = match->nearest >= 0 && match->distance <= application->state.threshold;
    crops->votes[crops->seen++] = accepted ? match->nearest : MF_UNKNOWN;
}

/* The first crop tells whether there is anything to see. */
static bool is_even(const mf_application_config *config)
{
    const uint32_t pixels = (uint32_t)(config->crop_width * config->crop_height);
    return config->least_contrast > 0 && mf_contrast_u8(config->crop, pixels) < config->least_contrast;
}

bool mf_application_crop(const mf_application_config *config, const mf_frame *frame, int32_t number)
{
    const mf_rectangle place = place_of(config, number);
    (void)mf_crop_u8(frame, &place, config->crop_width, config->crop_height, config->crop);
    return number != 0 || !is_even(config);
}

/* Recognises crops until the frame's verdict stands, and returns it. */
static int32_t look(const mf_application *application, const mf_frame *frame, crop_votes *crops)
{
    const mf_application_config *config = application->config;
    if (config->face_present && !config->face_present(frame)) {
        return MF_NOBODY;
    }
    while (!mf_settled(crops->votes, crops->seen, config->crops - crops->seen, config->crops_agree)) {
        if (!mf_application_crop(config, frame, crops->seen)) {
            return MF_NOBODY;
        }
        recognise(application, crops);
    }
    return mf_agreed(crops->votes, crops->seen, config->crops_agree);
}

/* The least distance of the crops that voted for the frame's verdict, and whose it is. */
static void note_nearest(mf_application_state *state, const crop_votes *crops)
{
    state->distance = INT32_MAX;
    state->nearest = -1;
    for (int32_t i = 0; i < crops->seen; i++) {
        if (crops->votes[i] == state->verdict && crops->matches[i].distance < state->distance) {
            state->distance = crops->matches[i].distance;
            state->nearest = crops->matches[i].nearest;
        }
    }
}

static void vote(mf_application *application)
{
    const mf_application_config *config = application->config;
    mf_application_state *state = &application->state;
    application->verdicts[application->place] = state->verdict;
    application->place = (application->place + 1) % config->frames;
    state->agreed = mf_agreed(application->verdicts, config->frames, config->frames_agree);
    state->votes = state->agreed == MF_UNSURE ? 0 : mf_votes_for(application->verdicts, config->frames, state->agreed);
    if (state->agreed != MF_UNSURE && state->agreed != state->reported) {
        state->reported = state->agreed;
        mf_application_report(application);
    }
}

int32_t mf_application_frame(mf_application *application, const mf_frame *frame)
{
    mf_application_state *state = &application->state;
    crop_votes crops = {.seen = 0};
    if (!crops_fit(application->config, frame)) {
        return MF_APPLICATION_FRAME;
    }
    state->verdict = look(application, frame, &crops);
    state->frames++;
    state->crops_seen = crops.seen;
    note_nearest(state, &crops);
    vote(application);
    return MF_APPLICATION_OK;
}
