/* SPDX-License-Identifier: Apache-2.0
 * One line of text, put together without a library.
 */
#ifndef MF_LINE_H
#define MF_LINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MF_LINE_BYTES = 160 };

/* What no longer fits is left out; nothing is written beyond the end. Start with length 0. */
typedef struct {
    uint32_t length;
    char text[MF_LINE_BYTES];
} mf_line;

/* Appends a text; control characters, which would break the line, become '?'. */
void mf_line_text(mf_line *line, const char *text);

/* Appends a number in decimal. */
void mf_line_number(mf_line *line, int64_t value);

/* Ends the line with a newline, in the place of the last character where the line is full. */
void mf_line_end(mf_line *line);

#ifdef __cplusplus
}
#endif

#endif
