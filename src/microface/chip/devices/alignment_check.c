/* Finds multi-word loads and stores whose base is not a multiple of 4: the processor faults there, unicorn does not.

   Called before every instruction; `bases` tells which register an instruction at a half-word takes as its base. */
#include <stdint.h>

enum { NO_BASE = 0xFF };

typedef struct {
  uint64_t origin;             /* first address of the checked code */
  uint64_t bytes;              /* its size */
  const uint8_t *bases;        /* one per half-word: register number, or NO_BASE */
  const int32_t *register_ids; /* the engine's names of r0 to r15 */
  uint64_t wrong_pc;           /* the first instruction found, */
  uint64_t wrong_base;         /* what its base held, */
  uint64_t found;              /* and 1 once there is one */
  int (*read)(void *engine, int register_id, void *value);
  int (*stop)(void *engine);
} mf_alignment_check;

__attribute__((visibility("default"))) void mf_check_alignment(void *engine, uint64_t address, uint32_t size,
                                                               mf_alignment_check *check);

void mf_check_alignment(void *engine, uint64_t address, uint32_t size, mf_alignment_check *check) {
  (void)size;
  const uint64_t offset = address - check->origin;
  if (offset >= check->bytes || check->bases[offset / 2U] == NO_BASE || check->found) {
    return;
  }
  uint32_t base = 0;
  (void)check->read(engine, check->register_ids[check->bases[offset / 2U]], &base);
  if (base % 4U != 0) {
    check->wrong_pc = address;
    check->wrong_base = base;
    check->found = 1;
    (void)check->stop(engine);
  }
}
