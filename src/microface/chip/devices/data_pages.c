/* Tells the engine that RAM is data. Cortex-M takes it for executable, so that the engine, left to itself, looks at
   every store whether it changed code: thirteen times slower. All other rights are checked by the mapped memory. */
#include <stdbool.h>
#include <stdint.h>

enum { READ_WRITE = 3, EVERYTHING = 7, FETCH = 18, CPSR = 3 };
static const uint32_t IT_BITS = 0x0600FC00U;

typedef struct {
  uint64_t origin, end;
} mf_bank;

typedef struct {
  const mf_bank *banks; /* of RAM */
  uint64_t count;
  int (*read)(void *engine, int register_id, void *value);
  int (*write)(void *engine, int register_id, const void *value);
} mf_data_pages;

/* uc_tlb_entry of the engine. */
typedef struct {
  uint64_t address;
  uint32_t permissions;
} mf_page;

__attribute__((visibility("default"))) bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page,
                                                         const mf_data_pages *data);

/* Before it fills a page for a load or store, unicorn 2.1.4 sets the processor back to the state before that
   instruction, its place in an IT block included. The code of a block keeps these bits at 0 while it runs, so that they
   would still be there after the IT block's end, and some of the next block's instructions would be left out. */
static void clear_it_bits(void *engine, const mf_data_pages *data) {
  uint32_t state = 0;
  (void)data->read(engine, CPSR, &state);
  if ((state & IT_BITS) != 0U) {
    state &= ~IT_BITS;
    (void)data->write(engine, CPSR, &state);
  }
}

bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page, const mf_data_pages *data) {
  if (access != FETCH) {
    clear_it_bits(engine, data);
  }
  page->address = address;
  page->permissions = EVERYTHING;
  for (uint64_t i = 0; i < data->count; i++) {
    if (address >= data->banks[i].origin && address < data->banks[i].end) {
      page->permissions = READ_WRITE;
    }
  }
  return true;
}
