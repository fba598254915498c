/* Small functions for every kind of core; each test calls one by name. */
#include "mf_port.h"

#ifndef ARENA_BYTES
#define ARENA_BYTES 4096
#endif

typedef int32_t (*function)(int32_t);

int32_t recurse(int32_t depth);
int32_t sum_of_six(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f);
int32_t sum_of_ten(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h, int32_t i, int32_t j);
int32_t high_product(int32_t a, int32_t b);
int32_t next_number(void);
int32_t next_from_zero(void);
int32_t touch_arena(void);
uint32_t peek(uint32_t address);
void poke(uint32_t address, uint32_t value);
int32_t jump(function to);
uint32_t dot(const int8_t *a, const int8_t *b, uint32_t length, uint32_t times);

__attribute__((noinline)) int32_t recurse(int32_t depth) {
  volatile int32_t kept[5] = {depth, 2, 3, 4, 5};
  return depth == 0 ? kept[1] : recurse(depth - 1) + kept[4];
}

int32_t sum_of_six(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f) {
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

int32_t sum_of_ten(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h, int32_t i, int32_t j) {
  return 6 * a + 5 * b + 4 * c + 0 * (d + e + f + g + h) + 10 * i + 100 * j;
}

int32_t high_product(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + INT64_C(0x80000000)) >> 32);
}

int32_t next_number(void) {
  static int32_t number = 41;
  return ++number;
}

int32_t next_from_zero(void) {
  static int32_t number;
  return ++number;
}

static volatile int8_t arena[ARENA_BYTES] __attribute__((section(".arena"), aligned(16)));

int32_t touch_arena(void) {
  int32_t sum = 0;
  for (int32_t i = 0; i < ARENA_BYTES; ++i) {
    arena[i] = (int8_t)(i & 1);
    sum += arena[i];
  }
  return sum;
}

uint32_t peek(uint32_t address) {
  return *(volatile uint32_t *)address;
}

void poke(uint32_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}

int32_t jump(function to) {
  return to(1) + 1;
}

uint32_t dot(const int8_t *a, const int8_t *b, uint32_t length, uint32_t times) {
  uint32_t sum = 0;
  for (; times > 0; --times) {
    __asm volatile("" ::: "memory");
    for (uint32_t i = 0; i < length; ++i) {
      sum += (uint32_t)(a[i] * b[i]);
    }
  }
  return sum;
}
