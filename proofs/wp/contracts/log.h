/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of the console (sddf/log.h): no assertion of a component's may ever stop it. */
#ifndef CONTRACTS_LOG_H
#define CONTRACTS_LOG_H

#include <sddf/log.h>

/*@ requires unreachable: \false; assigns \nothing; */
void log_last(const char *text, const char *more);
/*@ requires unreachable: \false; assigns \nothing; ensures \false; */
_Noreturn void log_stop(void);

#endif
