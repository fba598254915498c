/* SPDX-License-Identifier: Apache-2.0
 * The application: frames of a camera become reports of who is there.
 *
 * Somebody holds the face into a fixed rectangle of the picture. Of each frame up to `crops` crops are recognised, the
 * rectangle moved by their offsets; `crops_agree` of them must agree on one person, or on unknown, to make the frame's
 * verdict. `frames_agree` of the last `frames` verdicts must agree to make a report, and one line is sent for each
 * report that differs from the one before. Crops that can no longer change the verdict are not looked at.
 *
 * Nothing here allocates, blocks or uses floating point.
 */
#ifndef MF_APPLICATION_H
#define MF_APPLICATION_H

#include "mf_frame.h"
#include "mf_gallery.h"
#include "mf_votes.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MF_CROPS_MAX = 8, MF_FRAMES_MAX = 16 };

typedef enum {
    MF_APPLICATION_OK = 0,
    MF_APPLICATION_COUNTS = 1, /* a count is out of range, or an agreement is no majority */
    MF_APPLICATION_FRAME = 2,  /* the frame does not hold the rectangle with its offsets */
    MF_APPLICATION_EMPTY = 3   /* the first crop shows nobody */
} mf_application_status;

/* A crop's rectangle is moved by so many pixels of the frame. */
typedef struct {
    int32_t right, down;
} mf_offset;

/* What stays the same while it runs. */
typedef struct {
    const mf_gallery *gallery;
    uint8_t *crop;                   /* crop_width x crop_height x 3 bytes; may be the network's input */
    int32_t crop_width, crop_height;
    mf_rectangle rectangle;          /* where the face must be, in pixels of the frame */
    mf_offset offsets[MF_CROPS_MAX];
    int32_t crops, crops_agree;      /* 1..MF_CROPS_MAX; 2 * crops_agree > crops */
    int32_t frames, frames_agree;    /* 1..MF_FRAMES_MAX; 2 * frames_agree > frames */
    uint32_t least_contrast;         /* a first crop with less (mf_contrast_u8) shows nobody; 0 for never */
    bool (*face_present)(const mf_frame *frame); /* a face detector in front, or 0 for none */
    void (*recognise)(uint8_t *crop, mf_match_result *result); /* mf_embed, then mf_match; may overwrite the crop */
} mf_application_config;

/* What a display shows. Verdicts are the index of a person in the gallery, MF_UNKNOWN, MF_UNSURE or MF_NOBODY. */
typedef struct {
    uint32_t frames;    /* seen since the start */
    int32_t verdict;    /* of the newest frame */
    int32_t agreed;     /* of the last frames */
    int32_t reported;   /* the newest report, MF_UNSURE before the first */
    int32_t distance;   /* the least of the crops that voted for `verdict`, INT32_MAX where there are none */
    int32_t nearest;    /* the person of that distance, -1 where there is none */
    int32_t crops_seen; /* crops that the newest frame's verdict took */
    int32_t votes;      /* of the last frames, for `agreed` */
    int32_t threshold;  /* accepted when distance <= threshold */
} mf_application_state;

typedef struct {
    const mf_application_config *config;
    mf_application_state state;
    int32_t verdicts[MF_FRAMES_MAX];
    int32_t place; /* where the next frame's verdict goes */
} mf_application;

/* Start: no frame seen yet, the threshold is the gallery's. */
int32_t mf_application_init(mf_application *application, const mf_application_config *config);

/* Looks at one frame, sends a line through mf_port_write where there is something new, and leaves all in `state`. */
int32_t mf_application_frame(mf_application *application, const mf_frame *frame);

/* Makes crop `number` of a frame that holds it at config->crop, to be enrolled; false where crop 0 shows nobody. */
bool mf_application_crop(const mf_application_config *config, const mf_frame *frame, int32_t number);

/* From now on accepts at most this distance; flash stays as it is (mf_gallery_set_threshold keeps a threshold there).
 * Votes by the old threshold are forgotten. */
void mf_application_set_threshold(mf_application *application, int32_t threshold);

/* Forgets all votes and the newest report: after a change of the gallery, whose indices are other people's then. */
void mf_application_forget(mf_application *application);

#ifdef __cplusplus
}
#endif

#endif
