/* The accelerator of the emulated chip behind the vendor's function names: biases are stored where the hardware has
   them, weights and the start are handed to the emulator by services. ACCELERATOR_NUMBER tells networks
   apart that take turns: 0 and 1. */
#include "cnn.h"
#include "cnn_tables.h"
#include "mf_service.h"

#ifndef ACCELERATOR_NUMBER
#define ACCELERATOR_NUMBER 0
#endif

enum { SERVICE_WEIGHTS = 0x4D460010, SERVICE_START = 0x4D460011, SERVICE_OUTPUT = 0x4D460012 };

volatile uint32_t cnn_time;

static uint32_t service(uint32_t number, uint32_t first, uint32_t second)
{
    return mf_service(number + 16 * ACCELERATOR_NUMBER, first, second);
}

int cnn_enable(uint32_t clock_source, uint32_t clock_divider)
{
    (void)clock_source;
    (void)clock_divider;
    return CNN_OK;
}

int cnn_disable(void)
{
    return CNN_OK;
}

int cnn_init(void)
{
    cnn_time = 0;
    return CNN_OK;
}

/* The layers' registers: the emulator takes them from the plan. */
int cnn_configure(void)
{
    return CNN_OK;
}

int cnn_load_weights(void)
{
    return (int)service(SERVICE_WEIGHTS, (uint32_t)(uintptr_t)mf_kernels, sizeof mf_kernels / sizeof mf_kernels[0]);
}

/* One bias to a 32-bit word. */
int cnn_load_bias(void)
{
    for (uint32_t group = 0; group < 4; group++) {
        volatile uint32_t *memory = (volatile uint32_t *)(uintptr_t)(UINT32_C(0x50108000) + group * UINT32_C(0x400000));
        for (uint32_t i = 0; i < mf_bias_count[group]; i++) {
            memory[i] = mf_bias[group][i];
        }
    }
    return CNN_OK;
}

/* At the end of a run the emulator stores its time in cnn_time, as the vendor's interrupt does. */
int cnn_start(void)
{
    return (int)service(SERVICE_START, (uint32_t)(uintptr_t)&cnn_time, 0);
}

int cnn_unload(uint32_t *out_buf)
{
    return (int)service(SERVICE_OUTPUT, (uint32_t)(uintptr_t)out_buf, 0);
}
