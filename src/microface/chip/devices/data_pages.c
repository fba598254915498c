/* Tells the engine that RAM is data. Cortex-M takes it for executable, so that the engine, left to itself, looks at
   every store whether it changed code: thirteen times slower. All other rights are checked by the mapped memory. */
#include <stdbool.h>
#include <stdint.h>

enum { READ_WRITE = 3, EVERYTHING = 7 };

typedef struct {
  uint64_t origin, end;
} mf_bank;

typedef struct {
  const mf_bank *banks; /* of RAM */
  uint64_t count;
} mf_data_pages;

/* uc_tlb_entry of the engine. */
typedef struct {
  uint64_t address;
  uint32_t permissions;
} mf_page;

__attribute__((visibility("default"))) bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page,
                                                         const mf_data_pages *data);

bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page, const mf_data_pages *data) {
  (void)engine;
  (void)access;
  page->address = address;
  page->permissions = EVERYTHING;
  for (uint64_t i = 0; i < data->count; i++) {
    if (address >= data->banks[i].origin && address < data->banks[i].end) {
      page->permissions = READ_WRITE;
    }
  }
  return true;
}
