/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether bytes are a device tree blob that libfdt can be given. */
#ifndef SDDF_DTB_CHECK_H
#define SDDF_DTB_CHECK_H

#include <stddef.h>

/* 0, or one of libfdt's errors, negative. */
int dtb_check(const void *blob, size_t size);

#endif
