/* Small functions of RISC-V code whose counts, stack use and faults are known; each test calls one by name. */
#include <stdint.h>

#define NAKED __attribute__((naked))
#define LONG(instruction) ".option push\n .option norvc\n " instruction "\n .option pop\n"

uint32_t count_loop(uint32_t n);
uint32_t count_straight(uint32_t x);
uint32_t count_inner(uint32_t x);
uint32_t count_outer(uint32_t n);
uint32_t count_jumped(uint32_t x);
uint32_t use_stack(uint32_t x);
uint32_t load_half(uint32_t address);
void undefined_instruction(void);
void undefined_short_instruction(void);
void float_instruction(void);
void long_breakpoint(void);
void other_breakpoint(void);
void unknown_service(void);
void loop_for_ever(void);
void wait_for_ever(void);

/* 3 + 4 n instructions. */
NAKED uint32_t count_loop(uint32_t n) {
  __asm volatile("li a1, 0\n1: addi a1, a1, 3\n mul a2, a1, a1\n addi a0, a0, -1\n bnez a0, 1b\n mv a0, a1\n ret");
}

/* 4501 instructions in a row: longer than the emulator's blocks, over several of its pages, short and long mixed. */
NAKED uint32_t count_straight(uint32_t x) {
  __asm volatile(".rept 1500\n addi a0, a0, 1\n" LONG("addi a0, a0, 1") "addi a0, a0, 1\n .endr\n ret");
}

/* 2 instructions. */
NAKED uint32_t count_inner(uint32_t x) {
  __asm volatile("add a0, a0, a0\n ret");
}

/* 8 + 3 n instructions of its own, and n calls; 16 bytes of stack. */
NAKED uint32_t count_outer(uint32_t n) {
  __asm volatile(
      "addi sp, sp, -16\n sw ra, 0(sp)\n sw s0, 4(sp)\n mv s0, a0\n"
      "1: jal ra, count_inner\n addi s0, s0, -1\n bnez s0, 1b\n"
      "lw ra, 0(sp)\n lw s0, 4(sp)\n addi sp, sp, 16\n ret");
}

/* 3 of 4 instructions run: one is jumped over. */
NAKED uint32_t count_jumped(uint32_t x) {
  __asm volatile("addi a0, a0, 1\n j 1f\n addi a0, a0, 100\n1: ret");
}

/* 100 bytes of stack. */
NAKED uint32_t use_stack(uint32_t x) {
  __asm volatile("addi sp, sp, -100\n sw a0, 0(sp)\n lw a0, 0(sp)\n addi sp, sp, 100\n ret");
}

NAKED uint32_t load_half(uint32_t address) {
  __asm volatile("lhu a0, 0(a0)\n ret");
}

NAKED void undefined_instruction(void) {
  __asm volatile(".word 0xffffffff\n ret");
}

NAKED void undefined_short_instruction(void) {
  __asm volatile(".half 0\n ret");
}

/* fadd.s: these chips have no floating point. */
NAKED void float_instruction(void) {
  __asm volatile(".word 0x00007553\n ret");
}

NAKED void long_breakpoint(void) {
  __asm volatile(LONG("ebreak") "ret");
}

NAKED void other_breakpoint(void) {
  __asm volatile("c.ebreak\n ret");
}

NAKED void unknown_service(void) {
  __asm volatile("li a0, 1\n ecall\n ret");
}

NAKED void loop_for_ever(void) {
  __asm volatile("1: addi a0, a0, 1\n j 1b");
}

NAKED void wait_for_ever(void) {
  __asm volatile("wfi\n ret");
}
