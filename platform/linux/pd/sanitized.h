/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether this is a build with AddressSanitizer. Such a build allows images the sanitizer's own
 * constructors, padded variables, four times the stack and a few more system calls. */
#ifndef LINUX_PD_SANITIZED_H
#define LINUX_PD_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define PD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PD_SANITIZED 1
#endif
#endif
#ifndef PD_SANITIZED
#define PD_SANITIZED 0
#endif

#endif
