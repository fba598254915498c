/* The port of an emulated chip whose flash the core does not address, answered by the emulator (mf_service.h).

   On a real chip replace this file by the drivers of its DMA and flash; `main` is the application's. */
#include "mf_flash.h"
#include "mf_service.h"

#if defined(MF_SERVICE)

typedef struct {
  uint32_t from, to, bytes;
} request;

void mf_flash_read(uint32_t place, void *to, uint32_t bytes) {
  const request wanted = {place, (uint32_t)to, bytes};
  (void)mf_service(MF_SERVICE_READ, (uint32_t)&wanted, 0);
}

int32_t mf_flash_erase(uint32_t sector) {
  return (int32_t)mf_service(MF_SERVICE_ERASE, sector, 0);
}

int32_t mf_flash_program(uint32_t place, const uint8_t *unit) {
  return (int32_t)mf_service(MF_SERVICE_PROGRAM, place, (uint32_t)unit);
}

int main(void);

/* Memory is set up: the emulator takes over and calls functions by name. */
int main(void) {
  for (;;) {
    (void)mf_service(MF_SERVICE_READY, 0, 0);
  }
}

#endif
