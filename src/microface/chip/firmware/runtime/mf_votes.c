/* SPDX-License-Identifier: Apache-2.0
 * Counts votes. There are few, so every vote is compared with every other.
 */
#include "mf_votes.h"

int32_t mf_votes_for(const int32_t *votes, int32_t count, int32_t verdict)
{
    int32_t found = 0;
    for (int32_t i = 0; i < count; i++) {
        found += votes[i] == verdict;
    }
    return found;
}

int32_t mf_agreed(const int32_t *votes, int32_t count, int32_t needed)
{
    for (int32_t i = 0; i < count; i++) {
        if (votes[i] != MF_UNSURE && mf_votes_for(votes, count, votes[i]) >= needed) {
            return votes[i];
        }
    }
    return MF_UNSURE;
}

/* Settled: there is agreement already, or nobody can reach it any more. */
bool mf_settled(const int32_t *votes, int32_t given, int32_t remaining, int32_t needed)
{
    int32_t most = 0;
    for (int32_t i = 0; i < given; i++) {
        const int32_t found = votes[i] == MF_UNSURE ? 0 : mf_votes_for(votes, given, votes[i]);
        most = found > most ? found : most;
    }
    return most >= needed || most + remaining < needed;
}
