/* SPDX-License-Identifier: Apache-2.0
 * The values of kernels that exist for bytes and for 16 bits: bytes, unless mf_s16.h came first.
 */
#ifndef MF_VALUE_H
#define MF_VALUE_H

#include <stdint.h>

#ifdef MF_S16
typedef int16_t mf_value;
typedef int64_t mf_weighted; /* four values weighted in 1/1024 twice */
#define MF_LOWEST INT16_MIN
#define MF_HIGHEST INT16_MAX
#define MF_FINE 15 /* bits of the common scale of TFLite's sums below the inputs' */
#else
typedef int8_t mf_value;
typedef int32_t mf_weighted;
#define MF_LOWEST INT8_MIN
#define MF_HIGHEST INT8_MAX
#define MF_FINE 20
#endif

#endif
