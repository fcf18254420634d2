/* SPDX-License-Identifier: BSD-2-Clause */
/* The transport once more, with entries of one word, and the serial class's chunks in them: the
 * headers themselves, serial.h with the annotations of serial.acsl. */
#define PROOF_OF_TRANSPORT
#include "contracts/serial.h"
