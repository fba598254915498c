/* SPDX-License-Identifier: Apache-2.0
 * How firmware asks the emulator for a service, one block per kind of core: a number and two arguments in the registers of
 * a call, the answer where a call's result lies. Without a block there is no MF_SERVICE and no emulator.
 */
#ifndef MF_SERVICE_H
#define MF_SERVICE_H

#include <stdint.h>

enum {
  MF_SERVICE_READY = 0x4D460001,
  MF_SERVICE_ERASE = 0x4D460002,
  MF_SERVICE_PROGRAM = 0x4D460003,
  MF_SERVICE_WRITE = 0x4D460004,
  MF_SERVICE_READ = 0x4D460005
};

#if defined(__arm__)
#define MF_SERVICE

static inline uint32_t mf_service(uint32_t number, uint32_t first, uint32_t second) {
  register uint32_t r0 __asm("r0") = number;
  register uint32_t r1 __asm("r1") = first;
  register uint32_t r2 __asm("r2") = second;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1), "r"(r2) : "memory");
  return r0;
}

#elif defined(__riscv)
#define MF_SERVICE

static inline uint32_t mf_service(uint32_t number, uint32_t first, uint32_t second) {
  register uint32_t a0 __asm("a0") = number;
  register uint32_t a1 __asm("a1") = first;
  register uint32_t a2 __asm("a2") = second;
  __asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2) : "memory");
  return a0;
}

#endif

#endif
