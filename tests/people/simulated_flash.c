/* SPDX-License-Identifier: Apache-2.0
 * Flash as the gallery's port sees it, for tests: units programmed once per erase, power that fails when told.
 */
#include "mf_port.h"

typedef struct {
    uint8_t *memory;          /* the flash */
    uint8_t *programmed;      /* one flag a unit */
    uint32_t bytes, sector_bytes, unit_bytes;
    uint32_t calls_left;      /* port calls that succeed before power fails; the next one is the cut one */
    uint32_t cut;             /* how far an erase gets that is cut: 0 not at all, 1 first half, 2 last half, 3 bits */
    uint32_t broken_call;     /* 1-based number of a call that reports an error though power stays; 0 none */
    uint32_t calls, violations, dead;
} simulated_flash;

static simulated_flash *flash;

void simulated_flash_use(simulated_flash *chosen);

void simulated_flash_use(simulated_flash *chosen)
{
    flash = chosen;
}

static uint32_t offset_of(const uint8_t *place, uint32_t align)
{
    const uint32_t offset = (uint32_t)(place - flash->memory);
    if (place < flash->memory || offset >= flash->bytes || offset % align != 0) {
        flash->violations++;
        return UINT32_MAX;
    }
    return offset;
}

/* Counts a call; 1 where it happens, 0 where power fails in it, -1 where power has failed before. */
static int32_t powered(void)
{
    if (flash->dead) {
        return -1;
    }
    flash->calls++;
    if (flash->calls > flash->calls_left) {
        flash->dead = 1;
        return 0;
    }
    return 1;
}

static void erase_bytes(uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        flash->memory[i] = 0xff;
        flash->programmed[i / flash->unit_bytes] = 0;
    }
}

/* The bytes are neither what they were nor erased; the units cannot be programmed before another erase. */
static void erase_bits(uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        flash->memory[i] = (uint8_t)(flash->memory[i] | (uint8_t)(i * 151u >> 2));
        flash->programmed[i / flash->unit_bytes] = 1;
    }
}

static void erase_partly(uint32_t sector)
{
    const uint32_t half = sector + flash->sector_bytes / 2;
    const uint32_t end = sector + flash->sector_bytes;
    if (flash->cut == 1) {
        erase_bytes(sector, half);
    } else if (flash->cut == 2) {
        erase_bytes(half, end);
    } else if (flash->cut == 3) {
        erase_bits(sector, end);
    }
}

int32_t mf_port_erase(const uint8_t *sector)
{
    const uint32_t offset = offset_of(sector, flash->sector_bytes);
    const int32_t power = powered();
    if (offset == UINT32_MAX || power < 0 || flash->calls == flash->broken_call) {
        return -1;
    }
    if (power == 0) {
        erase_partly(offset);
        return -1;
    }
    erase_bytes(offset, offset + flash->sector_bytes);
    return 0;
}

int32_t mf_port_program(const uint8_t *place, const uint8_t *unit)
{
    const uint32_t offset = offset_of(place, flash->unit_bytes);
    if (offset == UINT32_MAX || powered() <= 0 || flash->calls == flash->broken_call) {
        return -1;
    }
    if (flash->programmed[offset / flash->unit_bytes]) {
        flash->violations++;
        return -1;
    }
    flash->programmed[offset / flash->unit_bytes] = 1;
    for (uint32_t i = 0; i < flash->unit_bytes; i++) {
        flash->memory[offset + i] &= unit[i];
    }
    return 0;
}
