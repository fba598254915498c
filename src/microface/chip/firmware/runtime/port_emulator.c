/* The port of the emulated chip: each service is a BKPT 0xAB that the emulator answers.

   r0 = service, r1 and r2 = arguments, answer in r0. On a real chip replace this file: `mf_port_erase` and
   `mf_port_program` call the vendor's flash driver (unlock, start, wait, lock), with interrupts that run from
   the same flash bank held off; `main` is the application's. */
#include "mf_port.h"

#if defined(__arm__)

enum { SERVICE_READY = 0x4D460001, SERVICE_ERASE = 0x4D460002, SERVICE_PROGRAM = 0x4D460003 };

static int32_t service(uint32_t number, uint32_t first, uint32_t second) {
  register uint32_t r0 __asm("r0") = number;
  register uint32_t r1 __asm("r1") = first;
  register uint32_t r2 __asm("r2") = second;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1), "r"(r2) : "memory");
  return (int32_t)r0;
}

int32_t mf_port_erase(const uint8_t *sector) {
  return service(SERVICE_ERASE, (uint32_t)sector, 0);
}

int32_t mf_port_program(const uint8_t *place, const uint8_t *unit) {
  return service(SERVICE_PROGRAM, (uint32_t)place, (uint32_t)unit);
}

int main(void);

/* Memory is set up: the emulator takes over and calls functions by name. */
int main(void) {
  for (;;) {
    (void)service(SERVICE_READY, 0, 0);
  }
}

#endif
