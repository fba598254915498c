/* Load an input, run the accelerator, check the known answer: portable, through the vendor's functions. */
#include "accelerator.h"

#include "accelerator_input.h"
#include "cnn.h"
#include "sampledata.h"
#include "sampleoutput.h"

#ifndef ACCELERATOR_NUMBER
#define ACCELERATOR_NUMBER 0
#endif

/* Which of the networks that take turns the accelerator is set up for. */
#if ACCELERATOR_NUMBER == 0
int32_t mf_accelerator_owner;
#else
extern int32_t mf_accelerator_owner;
#endif

enum { FIFO_STATUS = 0x50000004, FIFO_DATA = 0x50000008, FIFOS = 4 };

/* Channels of a pixel that are bytes of one word. */
typedef struct {
    uint32_t address, step;
    int32_t channel, count, byte;
} input_group;

static const input_group groups[] = INPUT_GROUPS;
static const uint32_t sample_input[] = SAMPLE_INPUT;
static const uint32_t sample_output[] = SAMPLE_OUTPUT;

static int select(void)
{
    mf_accelerator_owner = ACCELERATOR_NUMBER;
    return cnn_init() == CNN_OK && cnn_load_bias() == CNN_OK && cnn_configure() == CNN_OK ? 0 : -1;
}

/* Clock source 0 and divider 0 are the 50 MHz clock undivided. The first network switches it on. */
int accelerator_begin(void)
{
    if (ACCELERATOR_NUMBER == 0 && cnn_enable(0, 0) != CNN_OK) {
        return -1;
    }
    return cnn_init() == CNN_OK && cnn_load_weights() == CNN_OK ? select() : -1;
}

/* A FIFO that is full is waited for; a bit of the status tells. */
static void put(uint32_t address, uint32_t word)
{
    if (INPUT_STREAMS) {
        const uint32_t full = UINT32_C(1) << (address - FIFO_DATA) / 4;
        while ((*(volatile const uint32_t *)(uintptr_t)FIFO_STATUS & full) != 0) {
        }
    }
    *(volatile uint32_t *)(uintptr_t)address = word;
}

static uint32_t byte_at(int8_t value, int32_t place)
{
    return (uint32_t)(uint8_t)value << 8 * place;
}

/* In CHW order a word is four pixels of one channel. */
static void load_plane(const int8_t *input, const input_group *group)
{
    for (int32_t pixel = 0; pixel < INPUT_PIXELS; pixel += 4) {
        uint32_t word = 0;
        for (int32_t i = 0; i < 4 && pixel + i < INPUT_PIXELS; i++) {
            word |= byte_at(input[(pixel + i) * INPUT_CHANNELS + group->channel], i);
        }
        put(group->address + (uint32_t)pixel, word);
    }
}

static void load_pixel(const int8_t *values, uint32_t pixel)
{
    for (uint32_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        const input_group *group = &groups[g];
        uint32_t word = 0;
        for (int32_t i = 0; i < group->count; i++) {
            word |= byte_at(values[group->channel + i], group->byte + i);
        }
        put(group->address + pixel * group->step, word);
    }
}

static void load(const int8_t *input)
{
    if (INPUT_PLANAR) {
        for (uint32_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            load_plane(input, &groups[g]);
        }
        return;
    }
    for (uint32_t pixel = 0; pixel < INPUT_PIXELS; pixel++) {
        load_pixel(input + pixel * INPUT_CHANNELS, pixel);
    }
}

static void load_sample(void)
{
    const uint32_t *next = sample_input;
    while (*next != 0) {
        uint32_t to = next[0], count = next[1];
        const uint32_t step = to < FIFO_DATA + 4 * FIFOS ? 0 : 4;
        next += 2;
        for (; count > 0; count--, to += step) {
            put(to, *next++);
        }
    }
}

/* No input means the sample. Data memories are filled before the start, FIFOs after it. Only the first network is
 * tested, so the sample of one in front takes no flash. */
static void feed(const int8_t *input)
{
    if (input != 0 || ACCELERATOR_NUMBER != 0) {
        load(input);
    } else {
        load_sample();
    }
}

uint32_t accelerator_run(const int8_t *input)
{
    if (mf_accelerator_owner != ACCELERATOR_NUMBER && select() != 0) {
        return 0;
    }
    cnn_time = 0;
    if (!INPUT_STREAMS) {
        feed(input);
    }
    if (cnn_start() != CNN_OK) {
        return 0;
    }
    if (INPUT_STREAMS) {
        feed(input);
    }
    while (cnn_time == 0) {
    }
    return cnn_time;
}

int accelerator_output(uint32_t *values)
{
    return cnn_unload(values) == CNN_OK ? 0 : -1;
}

uint32_t accelerator_self_test(void)
{
    if (accelerator_run(0) == 0) {
        return UINT32_MAX;
    }
    const uint32_t *next = sample_output;
    while (*next != 0) {
        const volatile uint32_t *at = (const volatile uint32_t *)(uintptr_t)next[0];
        const uint32_t mask = next[1], count = next[2];
        next += 3;
        for (uint32_t i = 0; i < count; i++, at++, next++) {
            if ((*at & mask) != *next) {
                return (uint32_t)(uintptr_t)at;
            }
        }
    }
    return 0;
}
