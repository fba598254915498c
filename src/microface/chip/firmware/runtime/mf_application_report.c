/* SPDX-License-Identifier: Apache-2.0
 * A report as a line of text.
 */
#include "mf_application_report.h"

#include "mf_line.h"
#include "mf_serial.h"

static void put_value(mf_line *line, const char *name, int64_t value)
{
    mf_line_text(line, name);
    mf_line_number(line, value);
}

/* INT32_MAX says that there was nobody to compare with. */
static void put_distance(mf_line *line, const mf_application_state *state)
{
    if (state->distance != INT32_MAX) {
        put_value(line, " distance ", state->distance);
    }
    put_value(line, " threshold ", state->threshold);
}

static void put_person(mf_line *line, const mf_application *application)
{
    const mf_application_state *state = &application->state;
    put_value(line, " person ", state->reported);
    put_distance(line, state);
    mf_line_text(line, " name ");
    mf_line_text(line, mf_gallery_name(application->config->gallery, (uint32_t)state->reported));
}

void mf_application_report(const mf_application *application)
{
    const mf_application_state *state = &application->state;
    mf_line line = {0};
    put_value(&line, "frame ", state->frames);
    if (state->reported >= 0) {
        put_person(&line, application);
    } else if (state->reported == MF_UNKNOWN) {
        mf_line_text(&line, " unknown");
        put_distance(&line, state);
    } else {
        mf_line_text(&line, " nobody");
    }
    mf_line_end(&line);
    mf_port_write(line.text, line.length);
}
