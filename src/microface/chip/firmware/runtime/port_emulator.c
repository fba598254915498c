/* The port of the emulated chip: each service is answered by the emulator (mf_service.h).

   On a real chip replace this file: `mf_port_erase` and `mf_port_program` call the vendor's flash driver (unlock,
   start, wait, lock), with interrupts that run from the same flash bank held off; `main` is the application's. */
#include "mf_port.h"
#include "mf_service.h"

#if defined(MF_SERVICE)

int32_t mf_port_erase(const uint8_t *sector) {
  return (int32_t)mf_service(MF_SERVICE_ERASE, (uint32_t)sector, 0);
}

int32_t mf_port_program(const uint8_t *place, const uint8_t *unit) {
  return (int32_t)mf_service(MF_SERVICE_PROGRAM, (uint32_t)place, (uint32_t)unit);
}

int main(void);

/* Memory is set up: the emulator takes over and calls functions by name. */
int main(void) {
  for (;;) {
    (void)mf_service(MF_SERVICE_READY, 0, 0);
  }
}

#endif
