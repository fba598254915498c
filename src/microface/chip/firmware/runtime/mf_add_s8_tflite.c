/* SPDX-License-Identifier: Apache-2.0
 * TFLite's sum or difference of two tensors of one shape: s8, s8 -> s8.
 */
#include "mf_kernels_tflite.h"
#include "mf_rescale.h"

enum { FINE = 20 }; /* bits of the common scale below the inputs' */

void mf_add_s8_tflite(const mf_add_s8_tflite_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                      void *scratch)
{
    (void)scratch;
    const mf_add_s8_tflite_args copy = *args; /* in registers: the output might otherwise alias it */
    for (int32_t i = 0; i < copy.elements; i++) {
        const int32_t fine_a = (a[i] - copy.first_zero_point) * (1 << FINE);
        const int32_t fine_b = (b[i] - copy.second_zero_point) * (1 << FINE);
        const int32_t first = mf_rescale_down(fine_a, copy.first, copy.first_right);
        const int32_t second = mf_rescale_down(fine_b, copy.second, copy.second_right);
        const int32_t sum = copy.negate ? first - second : first + second;
        const int32_t value = mf_rescale_down(sum, copy.last, copy.last_right) + copy.zero_point;
        output[i] = (int8_t)mf_clamp(value, copy.lo, copy.hi);
    }
}
