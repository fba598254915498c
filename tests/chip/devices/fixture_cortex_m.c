/* Small functions of Cortex-M code whose counts, stack use and faults are known; each test calls one by name. */
#include <stdint.h>

#define NAKED __attribute__((naked))

uint32_t count_loop(uint32_t n);
uint32_t count_conditional(uint32_t x);
uint32_t count_straight(uint32_t x);
uint32_t count_inner(uint32_t x);
uint32_t count_outer(uint32_t n);
uint32_t count_jumped(uint32_t x);
uint32_t use_stack(uint32_t x);
int32_t dot_pairs(int32_t a, int32_t b, int32_t sum);
int32_t scale(int32_t x);
void undefined_instruction(void);
void supervisor_call(void);
void other_breakpoint(void);
void unknown_service(void);
void loop_for_ever(void);
uint32_t load_many(uint32_t address);
uint32_t load_two(uint32_t address);
uint32_t store_two(uint32_t address);
uint32_t load_float(uint32_t address);
uint32_t load_unless_null(uint32_t address);

/* 3 + 4 n instructions. */
NAKED uint32_t count_loop(uint32_t n) {
  __asm volatile("movs r1, #0\n1: adds r1, #3\n smlad r2, r1, r1, r2\n subs r0, #1\n bne 1b\n mov r0, r1\n bx lr");
}

/* 5 instructions, whichever way the condition goes. */
NAKED uint32_t count_conditional(uint32_t x) {
  __asm volatile("cmp r0, #0\n ite eq\n moveq r0, #5\n movne r0, #7\n bx lr");
}

/* 4501 instructions in a row: longer than the emulator's blocks, over several of its pages, short and long mixed. */
NAKED uint32_t count_straight(uint32_t x) {
  __asm volatile(".rept 1500\n adds r0, #1\n add.w r0, r0, #1\n adds r0, #1\n .endr\n bx lr");
}

/* 2 instructions. */
NAKED uint32_t count_inner(uint32_t x) {
  __asm volatile("adds r0, r0, r0\n bx lr");
}

/* 3 + 3 n instructions of its own, and n calls; 8 bytes of stack. */
NAKED uint32_t count_outer(uint32_t n) {
  __asm volatile("push {r4, lr}\n mov r4, r0\n1: bl count_inner\n subs r4, #1\n bne 1b\n pop {r4, pc}");
}

/* 3 of 4 instructions run: one is jumped over. */
NAKED uint32_t count_jumped(uint32_t x) {
  __asm volatile("adds r0, #1\n b 1f\n adds r0, #100\n1: bx lr");
}

/* 100 bytes of stack. */
NAKED uint32_t use_stack(uint32_t x) {
  __asm volatile("sub sp, #100\n str r0, [sp]\n ldr r0, [sp]\n add sp, #100\n bx lr");
}

int32_t dot_pairs(int32_t a, int32_t b, int32_t sum) {
  return __builtin_arm_smlad(a, b, sum);
}

int32_t scale(int32_t x) {
  return (int32_t)((float)x * 0.5f);
}

NAKED void undefined_instruction(void) {
  __asm volatile("udf #0\n bx lr");
}

NAKED void supervisor_call(void) {
  __asm volatile("svc #0\n bx lr");
}

NAKED void other_breakpoint(void) {
  __asm volatile("bkpt #1\n bx lr");
}

NAKED void unknown_service(void) {
  __asm volatile("movs r0, #1\n bkpt #0xAB\n bx lr");
}

NAKED void loop_for_ever(void) {
  __asm volatile("1: adds r0, #1\n b 1b");
}

NAKED uint32_t load_many(uint32_t address) {
  __asm volatile("ldmia r0, {r0, r1, r2}\n bx lr");
}

NAKED uint32_t load_two(uint32_t address) {
  __asm volatile("ldrd r0, r1, [r0, #4]\n bx lr");
}

NAKED uint32_t store_two(uint32_t address) {
  __asm volatile("stmia r0!, {r1, r2}\n bx lr");
}

NAKED uint32_t load_float(uint32_t address) {
  __asm volatile("vldr s0, [r0]\n vmov r0, s0\n bx lr");
}

/* One more than the word at `address`: an IT block, a change of the flags and another block of code. */
NAKED uint32_t load_unless_null(uint32_t address) {
  __asm volatile(
      "cmp r0, #0\n ite ne\n ldrne r0, [r0]\n moveq r0, #6\n cmp r0, r0\n b 1f\n nop\n1: add.w r0, r0, #1\n bx lr");
}
