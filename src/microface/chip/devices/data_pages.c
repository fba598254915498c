/* Tells the engine that RAM is data. Cores take it for executable, so that the engine, left to itself, looks at
   every store whether it changed code: thirteen times slower. All other rights are checked by the mapped memory. */
#include <stdbool.h>
#include <stdint.h>

enum { READ_WRITE = 3, EVERYTHING = 7, FETCH = 18 };

typedef struct {
  uint64_t origin, end;
} mf_bank;

typedef struct {
  const mf_bank *banks; /* of RAM */
  uint64_t count;
  int (*read)(void *engine, int register_id, void *value);
  int (*write)(void *engine, int register_id, const void *value);
  int32_t condition;       /* the register with the place in conditional code, */
  uint32_t condition_bits; /* and its bits; 0 where the core has no such code */
} mf_data_pages;

/* uc_tlb_entry of the engine. */
typedef struct {
  uint64_t address;
  uint32_t permissions;
} mf_page;

__attribute__((visibility("default"))) bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page,
                                                         const mf_data_pages *data);

/* Before it fills a page for a load or store, unicorn 2.1.4 sets the processor back to the state before that
   instruction, its place in conditional code (on Arm an IT block) included. The code of a block keeps these bits at 0
   while it runs, so that they would still be there after the conditional code's end, and some of the next block's
   instructions would be left out. */
static void clear_condition(void *engine, const mf_data_pages *data) {
  uint32_t state = 0;
  (void)data->read(engine, data->condition, &state);
  if ((state & data->condition_bits) != 0U) {
    state &= ~data->condition_bits;
    (void)data->write(engine, data->condition, &state);
  }
}

bool mf_fill_page(void *engine, uint64_t address, uint32_t access, mf_page *page, const mf_data_pages *data) {
  if (access != FETCH && data->condition_bits != 0U) {
    clear_condition(engine, data);
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
