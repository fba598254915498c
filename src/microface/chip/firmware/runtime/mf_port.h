/* The port: the two functions through which the gallery in flash is written. A chip's owner supplies them. */
#ifndef MF_PORT_H
#define MF_PORT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Erases the gallery sector that begins at `sector`: afterwards all its bytes read 0xff.
   Returns 0, or another value when the flash reports an error. */
int32_t mf_port_erase(const uint8_t *sector);

/* Programs one unit (the chip's smallest, e.g. 32 bytes on an STM32H743) at `place`, aligned to the unit.
   Each unit may be programmed once after its sector was erased. Returns 0, or another value on an error. */
int32_t mf_port_program(const uint8_t *place, const uint8_t *unit);

#ifdef __cplusplus
}
#endif

#endif
