/* A network on the MAX78000's accelerator. Call accelerator_begin once. */
#ifndef ACCELERATOR_H
#define ACCELERATOR_H

#include <stdint.h>

/* Switches the accelerator on and loads weights and biases; 0, or -1 where it refuses. */
int accelerator_begin(void);

/* Runs the network on the input's integers, rows from above, pixels, channels; a network that streams is fed while it
 * runs. Where another network ran last, biases and layers are set anew; weights of both stay. Returns microseconds, 0
 * where it did not start. */
uint32_t accelerator_run(const int8_t *input);

/* Copies the newest output as the vendor's cnn_unload does; 0, or -1. */
int accelerator_output(uint32_t *values);

/* Known-answer test: 0, or the address of the first word of the output that differs. */
uint32_t accelerator_self_test(void);

#endif
