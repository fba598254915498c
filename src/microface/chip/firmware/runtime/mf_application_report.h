/* SPDX-License-Identifier: Apache-2.0
 * The application's lines. Inside the application's sources alone.
 */
#ifndef MF_APPLICATION_REPORT_H
#define MF_APPLICATION_REPORT_H

#include "mf_application.h"

/* Sends the line of the newest report:
 *   frame 12 person 3 distance 3120 threshold 4000 name Ada
 *   frame 12 unknown distance 5120 threshold 4000
 *   frame 12 nobody
 * Frames are counted from 1. */
void mf_application_report(const mf_application *application);

#endif
