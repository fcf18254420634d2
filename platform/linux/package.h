/* SPDX-License-Identifier: BSD-2-Clause */
/* A package: a system in one file, the .system and every file that it names. `sddf microkit` (an
 * SDK's bin/microkit) writes it where Microkit's tool writes a boot image; `sddf run` starts it,
 * and so does executing it. Text, then the files' bytes one after the other:
 *
 *   #!/where/sddf/is/sddf run
 *   sddf-package 1
 *   system SIZE NAME
 *   file SIZE NAME          once per file, NAME as the .system says it
 *                           an empty line
 */
#ifndef LINUX_PACKAGE_H
#define LINUX_PACKAGE_H

#include "system.h"

enum { PACKAGE_FILES_MAX = 4096 };

/* `program`: absolute path of sddf. False after saying why; then there is no file. */
bool package_write(const char *path, const struct system_description *system, const char *program);

/* Whether the file starts like a package. */
bool package_is(const char *path);
/* Reads a package, from whomever, into memory and checks it as system_read() does; NULL after
 * saying why not. The files' descriptors stay open as long as the process runs. */
struct system_description *package_read(const char *path);

#endif
