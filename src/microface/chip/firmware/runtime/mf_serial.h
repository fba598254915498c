/* SPDX-License-Identifier: Apache-2.0
 * The port of the application: where its lines go. A chip's owner supplies it.
 */
#ifndef MF_SERIAL_H
#define MF_SERIAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sends `length` bytes, one line with its newline, over the serial port; `text` may change after the return. */
void mf_port_write(const char *text, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
