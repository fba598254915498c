/* Load a sample or a picture, run the accelerator, check the known answer: portable, through the vendor's functions. */
#include "accelerator.h"
#include "cnn.h"
#include "sampledata.h"
#include "sampleoutput.h"

static const uint32_t sample_input[] = SAMPLE_INPUT;
static const uint32_t sample_output[] = SAMPLE_OUTPUT;

/* Switches the accelerator on; clock source 0 and divider 0 are the 50 MHz clock undivided. */
int accelerator_begin(void)
{
    return cnn_enable(0, 0) == CNN_OK && cnn_init() == CNN_OK && cnn_load_weights() == CNN_OK &&
                   cnn_load_bias() == CNN_OK && cnn_configure() == CNN_OK
               ? 0
               : -1;
}

static void load_sample(void)
{
    const uint32_t *next = sample_input;
    while (*next != 0) {
        volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)next[0];
        uint32_t count = next[1];
        next += 2;
        while (count-- > 0) {
            *to++ = *next++;
        }
    }
}

uint32_t accelerator_run(void)
{
    cnn_time = 0;
    if (cnn_start() != CNN_OK) {
        return 0;
    }
    while (cnn_time == 0) {
    }
    return cnn_time;
}

int accelerator_output(uint32_t *values)
{
    return cnn_unload(values) == CNN_OK ? 0 : -1;
}

/* Returns the address of the first word that differs, 0 where all agree. */
uint32_t accelerator_self_test(void)
{
    load_sample();
    if (accelerator_run() == 0) {
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
