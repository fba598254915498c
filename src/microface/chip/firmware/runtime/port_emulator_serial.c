/* The serial port of the emulated chip: a BKPT 0xAB that the emulator answers; see port_emulator.c.

   On a real chip replace this file: `mf_port_write` hands the bytes to the vendor's UART driver. */
#include "mf_serial.h"

#if defined(__arm__)

enum { SERVICE_WRITE = 0x4D460004 };

void mf_port_write(const char *text, uint32_t length) {
  register uint32_t r0 __asm("r0") = SERVICE_WRITE;
  register uint32_t r1 __asm("r1") = (uint32_t)text;
  register uint32_t r2 __asm("r2") = length;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1), "r"(r2) : "memory");
}

#endif
