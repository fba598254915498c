/* SPDX-License-Identifier: Apache-2.0
 * One line of text.
 */
#include "mf_line.h"

enum { DIGITS = 20 };

static void put(mf_line *line, char character)
{
    if (line->length < MF_LINE_BYTES) {
        line->text[line->length++] = character;
    }
}

void mf_line_text(mf_line *line, const char *text)
{
    for (uint32_t i = 0; text[i] != 0; i++) {
        const uint8_t byte = (uint8_t)text[i];
        put(line, byte < 0x20 || byte == 0x7f ? '?' : text[i]);
    }
}

/* Digits are taken from the negative number, since the lowest one has no positive twin. */
void mf_line_number(mf_line *line, int64_t value)
{
    char digits[DIGITS];
    uint32_t count = 0;
    int64_t rest = value < 0 ? value : -value;
    do {
        digits[count++] = (char)('0' - rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        put(line, '-');
    }
    while (count > 0) {
        put(line, digits[--count]);
    }
}

void mf_line_end(mf_line *line)
{
    line->length -= line->length == MF_LINE_BYTES;
    put(line, '\n');
}
