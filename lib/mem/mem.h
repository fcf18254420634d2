/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four memory functions that a compiler may call in a freestanding program (GCC manual,
 * "Language Standards Supported by GCC"), with the meaning of ISO C17 7.24. Each component image
 * links mem.c; in hosted tests the C library's own, which have the same prototypes, take their
 * place.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
