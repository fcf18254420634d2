/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass, for every class: the device that an entry of the system's file names, on the board,
 * and the driver that serves it. Run by the host tool; trusts nothing in the files. */
#include "tools/sddf/model.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 512, PLACE_MAX = SYSTEM_PATH_MAX + 16 };

/* Names what the board has instead. */
static void refuse_device(const struct board *board, const struct yaml_node *node,
                          const char *wanted, const char *class_name)
{
    char list[LIST_MAX] = "";
    size_t used = 0;
    const char *names[BOARD_DEVICES_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < board->device_count; i++) {
        const struct board_device *device = &board->devices[i];
        if (strcmp(device->class_name, class_name) != 0)
            continue;
        names[count++] = device->name;
        if (used < sizeof(list))
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                     used == 0 ? "" : ", ", device->name);
    }
    const char *nearest = nearest_word(wanted, names);
    if (nearest == NULL)
        nearest = count == 0 ? NULL : names[0];
    yaml_error(node, RULE_UNKNOWN_DEVICE,
               "board %s (%s) has no device \"%s\"" ALLOWED "one of: %s" REMEDY "%s%s", board->name,
               board->file, wanted, count == 0 ? "none" : list,
               nearest == NULL ? "choose another board" : "use ", nearest == NULL ? "" : nearest);
}

/* Where the board's file names the device; a device tree has no lines. */
static const char *device_place(const struct board *board, const struct board_device *device,
                                char place[PLACE_MAX])
{
    if (device->line == 0)
        snprintf(place, PLACE_MAX, "%s", board->file);
    else
        snprintf(place, PLACE_MAX, "%s:%u", board->file, device->line);
    return place;
}

struct found_device describe_find_device(const struct model *model, const struct yaml_node *node,
                                         const char *name, const char *class_name)
{
    const struct board *board = model->board;
    struct found_device found = {0};
    char place[PLACE_MAX];
    for (size_t i = 0; i < board->device_count && found.device == NULL; i++) {
        if (strcmp(board->devices[i].name, name) == 0)
            found.device = &board->devices[i];
    }
    if (found.device == NULL) {
        refuse_device(board, node, name, class_name);
        return found;
    }
    /* A device tree does not say what stands behind a transport that several classes serve. */
    bool of_class = strcmp(found.device->class_name, class_name) == 0;
    if (of_class || found.device->line == 0)
        found.driver = driver_find(model->drivers, class_name, found.device->compatible);
    if (found.driver != NULL && found.driver->clock && found.device->clock_hz == 0)
        yaml_error(node, RULE_MISSING_KEY,
                   "found no clock of %s (%s)" ALLOWED "how fast it counts" REMEDY
                   "add it there, as \"clock: 1MHz\"",
                   found.device->name, device_place(board, found.device, place));
    if (found.driver == NULL && of_class)
        yaml_error(node, RULE_NO_DRIVER,
                   "found no %s driver for \"%s\" (%s)" REMEDY "add it to a driver's driver.yaml",
                   class_name, found.device->compatible, device_place(board, found.device, place));
    else if (found.driver == NULL)
        yaml_error(node, RULE_UNKNOWN_DEVICE,
                   "%s is a %s device on board %s (%s)" ALLOWED "a %s device" REMEDY "use another",
                   found.device->name, found.device->class_name, board->name,
                   device_place(board, found.device, place), class_name);
    return found;
}
