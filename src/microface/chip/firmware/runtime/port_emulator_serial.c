/* The serial port of the emulated chip, answered by the emulator; see port_emulator.c.

   On a real chip replace this file: `mf_port_write` hands the bytes to the vendor's UART driver. */
#include "mf_serial.h"
#include "mf_service.h"

#if defined(MF_SERVICE)

void mf_port_write(const char *text, uint32_t length) {
  (void)mf_service(MF_SERVICE_WRITE, (uint32_t)text, length);
}

#endif
