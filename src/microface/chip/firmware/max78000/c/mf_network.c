/* The network on the accelerator, in the place of one on the processor: input and output are buffers in RAM. */
#include "mf_network.h"

#include "accelerator.h"

#ifndef MF_ARENA_STORAGE
#define MF_ARENA_STORAGE
#endif

enum { OUTPUT_WORDS = (MF_OUTPUT_SIZE * (int32_t)sizeof(mf_output) + 3) / 4 };

typedef union {
    uint32_t words[OUTPUT_WORDS];
    mf_output values[MF_OUTPUT_SIZE];
} unloaded;

static MF_ARENA_STORAGE struct {
    _Alignas(16) int8_t input[MF_INPUT_BYTES];
    _Alignas(16) mf_output output[MF_OUTPUT_SIZE];
} arena;

int8_t *mf_network_input(void)
{
    return arena.input;
}

const mf_output *mf_network_output(void)
{
    return arena.output;
}

/* The accelerator gives channel after channel, a network gives pixel after pixel. */
static void keep(const mf_output *values)
{
    const int32_t pixels = MF_OUTPUT_SIZE / MF_OUTPUT_CHANNELS;
    for (int32_t i = 0; i < MF_OUTPUT_SIZE; i++) {
        arena.output[i % pixels * MF_OUTPUT_CHANNELS + i / pixels] = values[i];
    }
}

void mf_network_run(void)
{
    static unloaded output;
    if (accelerator_run(arena.input) != 0 && accelerator_output(output.words) == 0) {
        keep(output.values);
    }
}

int32_t mf_network_begin(void)
{
    return accelerator_begin();
}

/* One step: which layer of the hardware is wrong cannot be seen from outside. */
int32_t mf_self_test(const char **layer)
{
    const int32_t wrong = accelerator_self_test() != 0;
    if (layer != 0) {
        *layer = wrong ? "accelerator" : 0;
    }
    return wrong;
}
