/* SPDX-License-Identifier: Apache-2.0
 * Agreement: across the crops of a frame, and across frames. Verdicts are people, by their index, or one of these.
 */
#ifndef MF_VOTES_H
#define MF_VOTES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MF_UNKNOWN = -1, /* somebody whom the gallery does not know, as in mf_match_result */
    MF_UNSURE = -2,  /* no agreement; as a vote it counts for nothing */
    MF_NOBODY = -3   /* no face is there */
};

/* The verdict that at least `needed` of the votes have, or MF_UNSURE. With 2 * needed > count there is at most one. */
int32_t mf_agreed(const int32_t *votes, int32_t count, int32_t needed);

/* How many of the votes are `verdict`. */
int32_t mf_votes_for(const int32_t *votes, int32_t count, int32_t verdict);

/* Whether `remaining` more votes cannot change the verdict of mf_agreed on all of them. */
bool mf_settled(const int32_t *votes, int32_t given, int32_t remaining, int32_t needed);

#ifdef __cplusplus
}
#endif

#endif
