/* Counts executed blocks of the emulated chip; instructions are worked out afterwards from the two tables.

   For every block [address, address + size) that runs, `starts` gains one at its begin and `ends` one at its end:
   the running sum of their difference tells how often each half-word of code was executed. */
#include <stdint.h>

typedef struct {
  uint64_t origin;     /* first address of the counted code */
  uint64_t bytes;      /* its size */
  uint64_t *starts;    /* one per half-word, bytes / 2 + 1 of them */
  uint64_t *ends;      /* likewise */
  int64_t budget;      /* half-words that may still run */
  uint64_t last_start; /* the newest block, for a fault inside it */
  uint64_t last_end;
  uint64_t stopped; /* 1 when the budget was spent: the block at last_start has not run */
  int (*stop)(void *engine);
} mf_block_counter;

__attribute__((visibility("default"))) void mf_count_block(void *engine, uint64_t address, uint32_t size,
                                                           mf_block_counter *counter);

void mf_count_block(void *engine, uint64_t address, uint32_t size, mf_block_counter *counter) {
  const uint64_t offset = address - counter->origin;
  if (offset >= counter->bytes) {
    return;
  }
  counter->last_start = address;
  counter->last_end = address + size;
  counter->budget -= (int64_t)(size / 2U);
  if (counter->budget < 0) {
    counter->stopped = 1;
    (void)counter->stop(engine);
    return;
  }
  counter->starts[offset / 2U] += 1;
  counter->ends[(offset + size) / 2U] += 1;
}
